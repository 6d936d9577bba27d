import { ObjectId } from 'bson';
import type { Entry } from '../conversations/conversation-access';
import type { Message } from '../persistence/message.schema';
import { stateOf } from './conversation-state';

const user = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };

/** What was read of a conversation that stood at `rev`. */
const entryAt = (rev: number) =>
  ({
    conversation: {
      _id: new ObjectId(),
      type: 'group',
      rev,
      last_seq: rev,
      last_message: null,
      people: [user],
      created_by_id: user.user_id,
      sent_seqs: {},
      created_at: new Date(),
      updated_at: new Date(),
    },
    member: { user, read_seq: 0, delivered_seq: 0, joined_seq: 0 },
  }) as unknown as Entry;
const changedAt = (...revs: number[]) => revs.map((rev) => ({ _id: new ObjectId(), rev }) as Message);
const answer = (entry: Entry, after: number, found: Message[] | null, limit: number) => {
  const { page, rev, has_more, resync_required } = stateOf(entry, after, found, limit, 0);
  return { revs: page.map((message) => message.rev), rev, has_more, resync_required };
};

describe('stateOf', () => {
  it('answers the rev of the conversation when all is told', () => {
    expect(answer(entryAt(9), 5, changedAt(6, 8), 10)).toMatchObject({ revs: [6, 8], rev: 9, has_more: false });
  });

  it('answers how far a page has come when there is more', () => {
    expect(answer(entryAt(9), 5, changedAt(6, 7, 8), 2)).toMatchObject({ revs: [6, 7], rev: 7, has_more: true });
  });

  it('never answers a rev later than the conversation that was read: a rename between the two reads would be lost', () => {
    expect(answer(entryAt(6), 5, changedAt(6, 8), 10)).toMatchObject({ revs: [6, 8], rev: 6, has_more: false });
    expect(answer(entryAt(6), 5, changedAt(7, 8, 9), 2)).toMatchObject({ revs: [7, 8], rev: 6, has_more: true });
  });

  it('stays where it was when there was no room to read', () => {
    expect(answer(entryAt(9), 5, null, 10)).toMatchObject({ revs: [], rev: 5, has_more: true });
  });

  it('asks for a new beginning where the client remembers more than there is', () => {
    expect(answer(entryAt(4), 9, null, 10)).toMatchObject({ rev: 4, has_more: false, resync_required: true });
  });

  it('asks for a new beginning where something was erased without a trace', () => {
    const { conversation, member } = entryAt(9);
    const entry = { conversation: { ...conversation, resync_rev: 6 }, member };
    expect([0, 5, 6].map((rev) => answer(entry, rev, [], 10).resync_required)).toEqual([false, true, false]);
  });

  it('asks for a new beginning where the member was out meanwhile, and does not see any more what they saw before', () => {
    const again = (history: 'all' | 'joined', rev: number) => {
      const { conversation, member } = entryAt(9);
      const entry = { conversation: { ...conversation, history }, member: { ...member, joined_rev: 6 } };
      return answer(entry, rev, [], 10).resync_required;
    };
    expect([again('joined', 5), again('joined', 6), again('all', 5)]).toEqual([true, false, false]);
    // Who remembers nothing can begin from there.
    expect(again('joined', 0)).toBe(false);
  });
});
