import { NO_KIND_CONTENT } from '../store/kind-contents';
import type { Poll } from '../store/poll-content';
import { countsOf, preparedContent } from './message-kinds';
import { recounted } from './poll-kind';
import type { PollDto } from './poll.dto';

const now = new Date('2030-01-01T00:00:00Z');
const options = [{ text: 'red' }, { text: 'green' }, { text: 'blue' }];
const polled = (more: Partial<PollDto> = {}): Poll =>
  preparedContent({ type: 'poll', poll: { question: 'Which?', options, ...more } }, now).poll!;

describe('A new poll', () => {
  it('has nobody’s votes, and is for one choice in the open unless it is said otherwise', () => {
    const { options: made, ...poll } = polled();
    const open = { multiple: false, anonymous: false, closes_at: null, closed_at: null, voter_count: 0 };
    expect(poll).toEqual({ question: 'Which?', ...open });
    expect(made).toMatchObject(options.map(({ text }) => ({ text, vote_count: 0 })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
    expect(preparedContent({ type: 'text' }, now)).toEqual(NO_KIND_CONTENT);
  });

  const poll = { question: 'Which?', options };
  it.each([
    [{ type: 'poll' }, 'invalid_poll', 'poll'],
    [{ poll }, 'invalid_poll', 'type'],
    [{ type: 'text', poll }, 'invalid_poll', 'type'],
    [{ type: 'poll', poll, encrypted: 'AAAA' }, 'invalid_poll', 'encrypted'],
    [{ type: 'poll', poll: { ...poll, closes_at: now.toISOString() } }, 'invalid_closes_at', 'poll.closes_at'],
    [{ type: 'poll', poll: { ...poll, closes_at: 'never' } }, 'invalid_closes_at', 'poll.closes_at'],
  ])('refuses %j', (body, code, field) =>
    expect(() => preparedContent(body, now)).toThrow(
      expect.objectContaining({ kind: 'invalid', code, fields: [expect.objectContaining({ field })] }),
    ),
  );
});

const tally = (poll: Poll) => countsOf({ poll });

describe('Votes', () => {
  it('are counted by option and by voter', () => {
    const poll = polled({ multiple: true });
    const [red, green, blue] = poll.options.map(({ id }) => id) as [string, string, string];
    const one = recounted(poll, [], [red, green]);
    expect(tally(one)).toEqual({ [red]: 1, [green]: 1, voters: 1 });
    const two = recounted(one, [], [green]);
    expect(tally(two)).toEqual({ [red]: 1, [green]: 2, voters: 2 });
    const moved = recounted(two, [red, green], [green, blue]);
    expect(tally(moved)).toEqual({ [green]: 2, [blue]: 1, voters: 2 });
    expect(tally(recounted(recounted(moved, [green, blue], []), [green], []))).toEqual({});
    expect(countsOf({ poll: null })).toEqual({});
  });
});
