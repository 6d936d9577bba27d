import { ObjectId } from 'bson';
import type { Conversation } from '#caas/domain/conversations';
import { NO_KIND_CONTENT } from '../store/kind-contents';
import { ConversationRecount, type AccountedMessage } from './conversation-recount';

const ids = [new ObjectId(), new ObjectId(), new ObjectId()];

const conversation = (more: Partial<Conversation> = {}) =>
  ({
    _id: new ObjectId(),
    member_count: 2,
    last_seq: 3,
    rev: 6,
    last_message: { id: ids[2] },
    ...more,
  }) as unknown as Conversation;

/** Three messages; the second and the third reply to the first, and the first has a reaction. */
const messages = (more: Partial<AccountedMessage>[] = []): AccountedMessage[] =>
  ids.map((_id, at) => ({
    _id,
    seq: at + 1,
    rev: [6, 2, 4][at]!,
    created_rev: [1, 2, 4][at]!,
    thread_root_id: at === 0 ? null : ids[0]!,
    reply_count: at === 0 ? 2 : 0,
    reaction_counts: (at === 0 ? { '👍': 1 } : {}) as Record<string, number>,
    type: 'text' as const,
    ...NO_KIND_CONTENT,
    deleted_at: null,
    ...more[at],
  }));

function account(more: Partial<Conversation>, changed: Partial<AccountedMessage>[] = [], watermark = 3) {
  const own = new ConversationRecount(conversation(more));
  messages(changed).forEach((message, at) => own.add(message, at === 0 ? { '👍': 1 } : {}, {}));
  return own.finish(2, [{ user_id: 'anna', seq: watermark }]).map(({ what }) => what);
}

describe('ConversationRecount', () => {
  it('finds nothing where all fits', () => expect(account({})).toEqual([]));

  it.each([
    ['member_count', { member_count: 3 }, []],
    ['last_seq', { last_seq: 4 }, []],
    ['last_message', { last_message: null }, []],
    ['rev', { rev: 5 }, []],
    ['rev', {}, [{}, { rev: 6 }]],
    ['rev', {}, [{ created_rev: 7 }]],
    ['seq', {}, [{}, {}, { seq: 4 }]],
    ['reply_count', {}, [{ reply_count: 1 }]],
    ['reply_count', {}, [{}, { deleted_at: new Date() }]],
    ['reaction_counts', {}, [{ reaction_counts: { '👍': 2 } }]],
    ['reaction_counts', {}, [{}, { reaction_counts: { '👎': 1 } }]],
    ['poll_votes', {}, [{ type: 'poll', poll: { options: [], voter_count: 1 } }]],
  ] as const)('reports a wrong %s', (what, more, changed) => {
    expect(account(more as Partial<Conversation>, changed as unknown as Partial<AccountedMessage>[])).toEqual([what]);
  });

  it('reports a watermark beyond the last message', () => expect(account({}, [], 4)).toEqual(['watermark']));
});
