import { chosenOf, isClosed, pollOf, recounted, tallyOf, type NewPoll } from './poll';
import type { Poll } from '../store/poll-content';

const now = new Date('2030-01-01T00:00:00Z');
const options = [{ text: 'red' }, { text: 'green' }, { text: 'blue' }];
const polled = (more: Partial<NewPoll> = {}): Poll =>
  pollOf({ type: 'poll', poll: { question: 'Which?', options, ...more } }, now)!;

describe('pollOf', () => {
  it('has nobody’s votes, and is for one choice in the open unless it is said otherwise', () => {
    const { options: made, ...poll } = polled();
    const open = { multiple: false, anonymous: false, closes_at: null, closed_at: null, voter_count: 0 };
    expect(poll).toEqual({ question: 'Which?', ...open });
    expect(made).toMatchObject(options.map(({ text }) => ({ text, vote_count: 0 })));
    expect(new Set(made.map(({ id }) => id)).size).toBe(3);
    expect(pollOf({ type: 'text' }, now)).toBeNull();
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
    expect(() => pollOf(body, now)).toThrow(
      expect.objectContaining({ kind: 'invalid', code, fields: [expect.objectContaining({ field })] }),
    ),
  );
});

describe('isClosed', () => {
  it('is by hand, or by time', () => {
    const poll = polled({ closes_at: '2030-01-02T00:00:00Z' });
    expect(isClosed(poll, now)).toBe(false);
    expect(isClosed(poll, poll.closes_at!)).toBe(true);
    expect(isClosed({ ...poll, closed_at: now }, now)).toBe(true);
  });
});

describe('votes', () => {
  it('are for options of the poll, in its order; for several where it says so', () => {
    const poll = polled({ multiple: true });
    const [red, , blue] = poll.options.map(({ id }) => id);
    expect(chosenOf(poll, [blue!, red!])).toEqual([red, blue]);
    expect(chosenOf(poll, [])).toEqual([]);
    const elsewhere = polled().options[0]!.id;
    expect(() => chosenOf(poll, [red!, elsewhere])).toThrow(expect.objectContaining({ code: 'unknown_option' }));
    const single = { ...poll, multiple: false };
    expect(chosenOf(single, [blue!])).toEqual([blue]);
    expect(() => chosenOf(single, [blue!, red!])).toThrow(expect.objectContaining({ code: 'single_choice' }));
  });

  it('are counted by option and by voter', () => {
    const poll = polled({ multiple: true });
    const [red, green, blue] = poll.options.map(({ id }) => id) as [string, string, string];
    const one = recounted(poll, [], [red, green]);
    expect(tallyOf(one)).toEqual({ [red]: 1, [green]: 1, voters: 1 });
    const two = recounted(one, [], [green]);
    expect(tallyOf(two)).toEqual({ [red]: 1, [green]: 2, voters: 2 });
    const moved = recounted(two, [red, green], [green, blue]);
    expect(tallyOf(moved)).toEqual({ [green]: 2, [blue]: 1, voters: 2 });
    expect(tallyOf(recounted(recounted(moved, [green, blue], []), [green], []))).toEqual({});
    expect(tallyOf(null)).toEqual({});
  });
});
