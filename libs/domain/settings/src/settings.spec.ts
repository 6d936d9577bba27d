import type { RequestContext } from '#caas/kernel';
import type { Invalidations } from '#caas/platform/cache';
import { flagSetting, listSetting } from './entries';
import { Settings } from './settings';
import { settingsSection } from './settings-section';

const section = settingsSection('toys', {
  words: listSetting({ default: [], maxItems: 9, maxLength: 9, doc: 'words' }),
  enabled: flagSetting({ default: true, doc: 'a switch' }),
});

describe('Settings', () => {
  let row: { __v: number; values: object } | null;
  let forget: () => void;
  let settings: Settings;
  const ctx = {
    tenantId: 'clnt_abcdef',
    tenant: { tier: 'pro' },
    repository: () => ({ findOne: () => Promise.resolve(row) }),
  } as unknown as RequestContext;
  beforeEach(() => {
    row = null;
    const invalidations = {
      publisher: () => () => undefined,
      on: (_kind: string, listener: (what: object) => void) => (forget = () => listener({ tenantId: ctx.tenantId })),
    };
    settings = new Settings(invalidations as unknown as Invalidations);
    settings.onModuleInit();
  });

  it('are the same object, read again or not, as long as nothing changed', async () => {
    const first = await settings.of(ctx, section);
    forget();
    expect(await settings.of(ctx, section)).toBe(first);
    expect(first).toEqual({ words: [], enabled: true });
  });

  it('follow the first change, and every one after', async () => {
    await settings.of(ctx, section);
    for (const [__v, words] of [['one'], ['one', 'two']].entries()) {
      row = { __v, values: { toys: { words } } };
      forget();
      expect((await settings.of(ctx, section)).words).toEqual(words);
    }
  });

  it('refuse what is switched off', async () => {
    await expect(settings.requireOn(ctx, section, 'enabled')).resolves.toBeUndefined();
    row = { __v: 0, values: { toys: { enabled: false } } };
    forget();
    await expect(settings.requireOn(ctx, section, 'enabled')).rejects.toMatchObject({ code: 'feature_disabled' });
  });
});
