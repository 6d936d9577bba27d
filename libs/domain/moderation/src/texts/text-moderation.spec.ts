import type { RequestContext } from '#caas/kernel';
import type { Settings } from '#caas/domain/settings';
import { ModerationTextPolicy } from './moderation-text-policy';
import { mask, TextModeration } from './text-moderation';

const ctx = { tenantId: 'clnt_abcdef' } as RequestContext;
const moderation = (values: object): TextModeration => {
  const settings = { blocked_words: [], blocked_patterns: [], action: 'reject', ...values };
  return new TextModeration({ of: () => Promise.resolve(settings) } as unknown as Settings);
};

describe('TextModeration', () => {
  it('hands back the very same when nothing is blocked', async () => {
    const texts = ['anything'];
    expect((await moderation({}).admit(ctx, texts)).texts).toBe(texts);
    expect((await moderation({ blocked_words: ['bad'] }).admit(ctx, texts)).texts).toBe(texts);
  });

  it('refuses without saying by which word', async () => {
    const refused = moderation({ blocked_words: ['bad'] }).admit(ctx, ['a bad thing']);
    await expect(refused).rejects.toMatchObject({ kind: 'forbidden', code: 'message_blocked' });
    await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('bad') as string });
  });

  it('masks each text of a message', async () => {
    const blocked = { blocked_words: ['bad'], blocked_patterns: ['\\d+'], action: 'mask' };
    expect(await moderation(blocked).admit(ctx, ['bad 42 😀', 'bad?', 'Bad', 'good'])).toEqual({
      texts: ['*** ** 😀', '***?', '***', 'good'],
      flagged: false,
    });
  });

  it('flags, and leaves the text alone', async () => {
    const flagging = moderation({ blocked_words: ['bad'], action: 'flag' });
    expect(await flagging.admit(ctx, ['bad'])).toEqual({ texts: ['bad'], flagged: true });
    expect(await flagging.admit(ctx, ['good'])).toMatchObject({ flagged: false });
    expect(await new ModerationTextPolicy(flagging).admitName(ctx, 'bad')).toBe('bad');
  });

  it('goes by the settings as they are now', async () => {
    const of = jest.fn();
    const rules = new TextModeration({ of } as unknown as Settings);
    const blocking = (word: string) => ({ blocked_words: [word], blocked_patterns: [], action: 'flag' });
    const [first, second] = [blocking('bad'), blocking('worse')];
    const flags = async (settings: object, text: string) => {
      of.mockResolvedValue(settings);
      return (await rules.admit(ctx, [text])).flagged;
    };
    expect(await flags(first, 'bad')).toBe(true);
    expect(await flags(second, 'bad')).toBe(false);
    expect(await flags(second, 'worse')).toBe(true);
    expect(await flags(first, 'worse')).toBe(false);
  });

  it('looks at names, and at what else is shown to others', async () => {
    const masking = new ModerationTextPolicy(moderation({ blocked_words: ['bad'], action: 'mask' }));
    expect(await masking.admitName(ctx, 'Bad Ben')).toBe('*** Ben');
    expect(await masking.admitText(ctx, 'so bad')).toBe('so ***');
    const rejecting = new ModerationTextPolicy(moderation({ blocked_words: ['bad'] }));
    await expect(rejecting.admitName(ctx, 'Bad Ben')).rejects.toMatchObject({ code: 'name_blocked' });
    await expect(rejecting.admitText(ctx, 'so bad')).rejects.toMatchObject({ code: 'text_blocked' });
  });
});

describe('mask', () => {
  it('covers spans that overlap, with one asterisk for each character, and leaves spaces', () => {
    const spans = [
      { start: 3, end: 8 },
      { start: 0, end: 2 },
      { start: 1, end: 2 },
    ];
    expect(mask('ab 😀 de fg', spans)).toBe('** * ** fg');
  });
});
