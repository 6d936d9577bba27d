import { PollKind } from '../kinds/poll-kind';
import type { PollDto } from '../kinds/poll.dto';
import type { Poll } from '../store/poll-content';
import { chosenOf, isClosed } from './poll';

const now = new Date('2030-01-01T00:00:00Z');
const options = [{ text: 'red' }, { text: 'green' }, { text: 'blue' }];
const polled = (more: Partial<PollDto> = {}): Poll =>
  new PollKind().prepare({ question: 'Which?', options, ...more }, now);

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
});
