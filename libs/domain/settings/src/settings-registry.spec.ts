import type { CaasError } from '#caas/kernel';
import { choiceSetting, flagSetting, integerSetting, listSetting, nullableIntegerSetting } from './entries';
import { SettingsRegistry, type StoredSettings } from './settings-registry';
import { settingsSection } from './settings-section';

const messages = settingsSection('messages', {
  max_text_length: integerSetting({
    default: { free: 1_000, starter: 5_000, pro: 20_000, enterprise: 20_000 },
    min: 1,
    max: { free: 2_000, starter: 5_000, pro: 20_000, enterprise: 20_000 },
    mostGranted: 100_000,
    doc: 'characters',
  }),
  search: flagSetting({ default: true, doc: 'words of messages can be searched' }),
  blocked: listSetting({
    default: [],
    maxItems: 2,
    maxLength: 5,
    item: (text) => (text.includes(' ') ? 'must not have spaces' : null),
    doc: 'words',
  }),
  action: choiceSetting(['reject', 'mask'], { default: 'reject', doc: 'what happens' }),
});

const registry = new SettingsRegistry();
registry.register(messages);
const own = (values: StoredSettings) => ({ values, granted: {} });
const NOTHING = own({});
const problemsOf = (changes: Record<string, unknown>, tier: 'free' | 'pro' = 'free'): Record<string, string> => {
  try {
    registry.apply(NOTHING, changes, tier);
    return {};
  } catch (error) {
    const { fields } = error as { fields: { field: string; message: string }[] };
    return Object.fromEntries(fields.map(({ field, message }) => [field, message]));
  }
};

describe('SettingsRegistry', () => {
  it('answers the defaults of the tier', () => {
    expect(registry.resolve(NOTHING, 'free')).toEqual({
      messages: { max_text_length: 1_000, search: true, blocked: [], action: 'reject' },
    });
    expect(registry.resolve(NOTHING, 'pro')['messages']).toMatchObject({ max_text_length: 20_000 });
  });

  it('keeps what was set, and goes back to the default for null', () => {
    const one = registry.apply(NOTHING, { messages: { max_text_length: 7, search: false } }, 'free');
    expect(registry.resolve(own(one), 'free')['messages']).toMatchObject({ max_text_length: 7, search: false });
    const two = registry.apply(own(one), { messages: { max_text_length: null } }, 'free');
    expect(registry.resolve(own(two), 'free')['messages']).toMatchObject({ max_text_length: 1_000, search: false });
    expect(registry.apply(own(two), { messages: null }, 'free')).toEqual({});
    // Nothing of what was there is changed in place.
    expect(one).toEqual({ messages: { max_text_length: 7, search: false } });
  });

  it('cuts to the ceiling of a lower tier', () => {
    const stored = registry.apply(NOTHING, { messages: { max_text_length: 20_000 } }, 'pro');
    expect(registry.resolve(own(stored), 'free')['messages']).toMatchObject({ max_text_length: 2_000 });
  });

  it('names everything that is wrong, and changes nothing then', () => {
    expect(problemsOf({ messages: { max_text_length: 2_001, search: 'yes', other: 1 }, nothing: {} })).toEqual({
      'messages.max_text_length': 'must be a whole number from 1 to 2000 on the tier free',
      'messages.search': 'must be true or false',
      'messages.other': 'is not known here',
      nothing: 'is not known here',
    });
    expect(problemsOf({ messages: { max_text_length: 2_001 } }, 'pro')).toEqual({});
    expect(problemsOf({ messages: [] })).toEqual({ messages: 'must be an object' });
    expect(problemsOf({ messages: { constructor: 1 } })).toEqual({ 'messages.constructor': 'is not known here' });
  });

  it.each([
    [['a', 'a'], 'must not have the same item twice'],
    [['a', 'b', 'c'], 'must be a list of at most 2'],
    [['toolong'], 'must have items of 1 to 5 characters'],
    [[1], 'must have items of 1 to 5 characters'],
    [['a b'], 'must not have spaces'],
    ['a', 'must be a list of at most 2'],
  ])('refuses the list %j', (blocked, problem) => {
    expect(problemsOf({ messages: { blocked } })).toEqual({ 'messages.blocked': problem });
  });

  it('refuses a choice that is none', () => {
    expect(problemsOf({ messages: { action: 'burn' } })).toEqual({ 'messages.action': 'must be one of reject, mask' });
  });

  it('knows numbers that may be missing, and goes back to that for null', () => {
    const days = nullableIntegerSetting({
      default: null,
      min: 1,
      max: { free: 5, starter: 9, pro: 9, enterprise: 9 },
      doc: 'x',
    });
    const other = new SettingsRegistry();
    other.register(settingsSection('kept', { days }));
    expect(other.resolve(NOTHING, 'free')).toEqual({ kept: { days: null } });
    const stored = other.apply(NOTHING, { kept: { days: 9 } }, 'pro');
    expect([other.resolve(own(stored), 'pro'), other.resolve(own(stored), 'free')]).toEqual([
      { kept: { days: 9 } },
      { kept: { days: 5 } },
    ]);
    expect(other.apply(own(stored), { kept: { days: null } }, 'pro')).toEqual({ kept: {} });
    for (const wrong of [0, 10, 1.5, 'x'])
      expect(() => other.apply(NOTHING, { kept: { days: wrong } }, 'pro')).toThrow();
    expect(other.describe('free')['kept']!['days']).toMatchObject({ minimum: 1, maximum: 5, default: null });
  });

  it('takes no section twice', () => {
    expect(() => registry.register(messages)).toThrow('Two sections');
  });

  it('puts what was granted in the place of the tier’s ceiling and default, higher or lower, below which the tenant chooses', () => {
    const granted = registry.grant({}, { messages: { max_text_length: 50_000 } });
    const valueOf = (values: StoredSettings, grants = granted) =>
      registry.resolve({ values, granted: grants }, 'free')['messages']!['max_text_length'];
    expect(valueOf({})).toBe(50_000);
    const chosen = registry.apply({ values: {}, granted }, { messages: { max_text_length: 40_000 } }, 'free');
    expect(valueOf(chosen)).toBe(40_000);
    expect(() => registry.apply({ values: {}, granted }, { messages: { max_text_length: 50_001 } }, 'free')).toThrow();
    expect(valueOf(chosen, registry.grant(granted, { messages: { max_text_length: 30 } }))).toBe(30);
    expect(valueOf(chosen, registry.grant(granted, { messages: { max_text_length: null } }))).toBe(2_000);
    expect(registry.describe('free', granted)['messages']!['max_text_length']).toMatchObject({ maximum: 50_000 });
  });

  it('grants nothing but what can be granted', () => {
    for (const changes of [{ search: true }, { max_text_length: 100_001 }, { max_text_length: 0 }, { other: 1 }]) {
      expect(() => registry.grant({}, { messages: changes })).toThrow('These settings cannot be');
    }
  });

  it('names twenty mistakes at most, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: 80_000 }, (_, n) => [`x${n}`.padEnd(100, 'x'), n]));
    for (const changes of [many, { messages: many }]) {
      let problem: unknown;
      try {
        registry.apply(NOTHING, changes, 'pro');
      } catch (error) {
        problem = error;
      }
      expect((problem as CaasError).fields).toHaveLength(20);
    }
  });

  it('describes each for the tier', () => {
    expect(registry.describe('free')['messages']!['max_text_length']).toEqual({
      type: 'integer',
      minimum: 1,
      maximum: 2_000,
      default: 1_000,
      description: 'characters',
    });
  });
});
