import { ObjectId } from 'bson';
import type { ConversationMembership } from '#caas/domain/conversations';
import type { Message } from '#caas/domain/messages';
import { stateOf, type Found, type Position } from './conversation-state';

const user = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };

/** What was read of a conversation that stood at these numbers. */
const entryAt = (last_seq: number, rev: number) =>
  ({
    conversation: {
      _id: new ObjectId(),
      type: 'group',
      rev,
      last_seq,
      last_message: null,
      people: [user],
      created_by_id: user.user_id,
      sent_seqs: {},
      created_at: new Date(),
      updated_at: new Date(),
    },
    member: { user, read_seq: 0, delivered_seq: 0, joined_seq: 0 },
  }) as unknown as ConversationMembership;
const found = (changed: number[], sent: number[], more: Partial<Found> = {}): Found => ({
  changed: changed.map((rev) => ({ _id: new ObjectId(), rev }) as Message),
  hasMoreChanged: false,
  sent: sent.map((seq) => ({ _id: new ObjectId(), seq, rev: 0 }) as Message),
  hasMoreSent: false,
  ...more,
});
const answer = (entry: ConversationMembership, known: Position, read: Found | null) => {
  const { seq, rev, has_more, resync_required } = stateOf(entry, known, read, 0);
  return { seq, rev, has_more, resync_required };
};
const known = (seq: number, rev: number): Position => ({ seq, rev });

describe('stateOf', () => {
  it('answers the numbers of the conversation when all is told', () => {
    expect(answer(entryAt(9, 4), known(5, 2), found([3, 4], [6, 7, 8, 9]))).toMatchObject({
      seq: 9,
      rev: 4,
      has_more: false,
    });
  });

  it('answers how far changes have come when there are more of them, and no further seq', () => {
    const read = found([3, 4], [], { hasMoreChanged: true, hasMoreSent: true });
    expect(answer(entryAt(9, 8), known(5, 2), read)).toMatchObject({ seq: 5, rev: 4, has_more: true });
  });

  it('answers the whole rev, and how far messages have come, when there are more of these', () => {
    const read = found([3], [6, 7], { hasMoreSent: true });
    expect(answer(entryAt(9, 8), known(5, 2), read)).toMatchObject({ seq: 7, rev: 8, has_more: true });
  });

  it('never answers a rev later than the conversation that was read: a rename between the two reads would be lost', () => {
    expect(answer(entryAt(5, 6), known(5, 5), found([6, 8], []))).toMatchObject({ rev: 6, has_more: false });
    const cut = found([7, 8], [], { hasMoreChanged: true });
    expect(answer(entryAt(5, 6), known(5, 5), cut)).toMatchObject({ rev: 6, has_more: true });
  });

  it('stays where it was when there was no room to read', () => {
    expect(answer(entryAt(9, 9), known(5, 4), null)).toMatchObject({ seq: 5, rev: 4, has_more: true });
  });

  it.each([known(9, 4), known(4, 9)])('asks for a new beginning where the client remembers %o of less', (more) => {
    expect(answer(entryAt(4, 4), more, found([], []))).toMatchObject({ seq: 4, rev: 4, resync_required: true });
  });

  it('asks for a new beginning where something was erased without a trace', () => {
    const { conversation, member } = entryAt(9, 9);
    const entry = { conversation: { ...conversation, resync_rev: 6 }, member };
    const asked = [known(0, 0), known(3, 0), known(0, 5), known(9, 5), known(9, 6)];
    const answers = asked.map((each) => answer(entry, each, found([], [])).resync_required);
    expect(answers).toEqual([false, true, true, true, false]);
  });

  it('asks for a new beginning where the member was out meanwhile, and does not see any more what they saw before', () => {
    const again = (history: 'all' | 'joined', each: Position) => {
      const { conversation, member } = entryAt(9, 9);
      const entry = { conversation: { ...conversation, history }, member: { ...member, joined_rev: 6 } };
      return answer(entry, each, found([], [])).resync_required;
    };
    expect([again('joined', known(3, 5)), again('joined', known(3, 6)), again('all', known(3, 5))]).toEqual([
      true,
      false,
      false,
    ]);
    // A client that remembers nothing can begin from there.
    expect(again('joined', known(0, 0))).toBe(false);
    expect(again('joined', known(3, 0))).toBe(true);
  });
});
