import { counted, countsByEmoji, keyOfEmoji, parseEmoji } from './emoji';

describe('parseEmoji', () => {
  it.each(['👍', '❤️', '👩‍👩‍👧‍👦', '🧑🏿‍❤️‍💋‍🧑🏽', '🇨🇭', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'é', '+', '.', '$', '%', ':+1:', ':party-parrot_2:'])(
    'takes %s',
    (emoji) => expect(parseEmoji(emoji)).toBe(emoji),
  );

  it.each([
    '',
    ' ',
    '\0',
    '\u200d',
    '\ufe0f',
    '\u3164',
    '\u115f',
    '\u2800',
    '\u00a0',
    '👍👎',
    'ok',
    ':UP:',
    ':a b:',
    '::',
    ':up',
    `:${'a'.repeat(63)}:`,
    `👍${'\u0301'.repeat(31)}`,
    '\ud83d',
    7,
    null,
    undefined,
    { $ne: '' },
  ])('refuses %j', (value) =>
    expect(() => parseEmoji(value)).toThrow(expect.objectContaining({ code: 'invalid_emoji' })),
  );
});

describe('counts of emojis', () => {
  it('are safe as keys, and come out as they went in', () => {
    let stored: Record<string, number> = {};
    for (const emoji of ['.', '$', '%', '%2e', '👍', '1', ':a:']) stored = counted(stored, emoji, 1);
    expect(Object.keys(stored).join('')).not.toMatch(/[.$]/);
    expect(countsByEmoji(stored)).toEqual({ '.': 1, $: 1, '%': 1, '%2e': 1, '👍': 1, '1': 1, ':a:': 1 });
    expect(new Set(['.', '%2e', '%'].map(keyOfEmoji)).size).toBe(3);
  });

  it('grow and shrink, and end with the last one', () => {
    const one = counted({}, '.', 1);
    const two = counted(one, '.', 1);
    expect(countsByEmoji(two)).toEqual({ '.': 2 });
    expect(counted(counted(two, '.', -1), '.', -1)).toEqual({});
    expect(counted({}, '👍', -1)).toEqual({});
  });
});
