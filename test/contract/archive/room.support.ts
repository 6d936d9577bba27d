import { ObjectId, serialize } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import { conversations } from '#caas/domain/conversations';
import { messages, type Message } from '#caas/domain/messages';
import { messageVersions, NO_KIND_CONTENT, pollVotes, reactions } from '#caas/domain/messages/testing';
import { users } from '#caas/domain/users';

const MONTH_MS = 30 * 24 * 60 * 60_000;
/** Of ten messages, those that were edited, reacted to, voted on and pinned; and the first of all has a thread. */
const CHANGED = [1, 2, 4, 6];

export async function aUser(ctx: RequestContext, name: string): Promise<UserReference> {
  const external_id = `${name}-${new ObjectId().toHexString()}`;
  const { _id } = await ctx.repository(users).insertOne({
    external_id,
    display_name: name,
    name_key: name.toLowerCase(),
    avatar_file_id: null,
    metadata: {},
    status: 'active',
    last_seen_at: null,
    renamed_at: null,
    quiet_updates: 0,
    tokens_from: null,
  });
  return { user_id: _id, user_external_id: external_id, user_display_name: name };
}

export interface Room {
  id: ObjectId;
  anna: UserReference;
  ben: UserReference;
  messages: Message[];
}

/** A conversation over some months, with everything that a message can have. */
export async function aRoom(ctx: RequestContext, count: number, months = 3): Promise<Room> {
  const [anna, ben] = [await aUser(ctx, 'Anna'), await aUser(ctx, 'Ben')];
  const id = new ObjectId();
  const begin = Date.now() - months * MONTH_MS;
  const ids = Array.from({ length: count }, () => new ObjectId());
  const poll = {
    question: 'More?',
    options: [
      { id: 'a'.repeat(24), text: 'yes', vote_count: 1 },
      { id: 'b'.repeat(24), text: 'no', vote_count: 0 },
    ],
    multiple: false,
    anonymous: false,
    closes_at: null,
    closed_at: null,
    voter_count: 1,
  };
  // What nobody touched keeps the rev 0; each change of the others took one.
  const isChanged = (at: number) => at === 0 || CHANGED.includes(at % 10);
  const changed = ids.flatMap((_, at) => (isChanged(at) ? [at] : []));
  const rows = ids.map((_id, at) => ({
    _id,
    conversation_id: id,
    created_at: new Date(begin + (at * months * MONTH_MS) / count),
    seq: at + 1,
    rev: changed.indexOf(at) + 1,
    created_rev: changed.filter((before) => before < at).length,
    client_message_id: `m${at}`,
    request_hash: `h${at}`,
    sender: at % 2 === 0 ? anna : ben,
    type: at % 10 === 4 ? ('poll' as const) : ('text' as const),
    text: `message ${at} ✓ ${'lorem ipsum '.repeat(at % 7)}`,
    attachments: [],
    reply_to_id: null,
    thread_root_id: at % 10 === 7 ? ids[0]! : null,
    reply_count: at === 0 ? ids.filter((_, n) => n % 10 === 7).length : 0,
    last_repliers: at === 0 ? [ben] : [],
    forwarded_from: null,
    mentions: at % 10 === 3 ? [anna] : [],
    metadata: at % 10 === 5 ? { deep: { list: [1, 2.5, -0, null, true, 'x'], when: 'now' } } : null,
    encrypted: null,
    reaction_counts: (at % 10 === 2 ? { '👍': 1 } : {}) as Record<string, number>,
    ...NO_KIND_CONTENT,
    ...(at % 10 === 4 ? { poll } : {}),
    pinned_at: at % 10 === 6 ? new Date() : null,
    edited_at: at % 10 === 1 ? new Date() : null,
  }));
  await ctx.repository(conversations).insertOne({
    _id: id,
    type: 'group',
    pair_key: null,
    name: 'Room',
    group_id: null,
    metadata: {},
    history: 'all',
    settings_version: 0,
    created_by_id: anna.user_id,
    people: [anna],
    member_count: 2,
    last_seq: count,
    rev: changed.length,
    sent_seqs: {},
    last_message: null,
    last_activity_at: new Date(),
    archive_version: null,
    archived_seq: null,
    resync_rev: null,
  });
  await ctx.repository(messages).insertMany(rows);
  const of = (digit: number) => ids.filter((_, at) => at % 10 === digit);
  await ctx.repository(reactions).insertMany(of(2).map((message_id) => ({ message_id, user: anna, emoji: '👍' })));
  await ctx
    .repository(pollVotes)
    .insertMany(of(4).map((message_id) => ({ message_id, user: anna, option_ids: ['a'.repeat(24)] })));
  await ctx.repository(messageVersions).insertMany(
    of(1).map((message_id) => ({
      message_id,
      replaced_rev: 1,
      text: 'before',
      mentions: [],
      metadata: null,
      encrypted: null,
      attachments: [],
      ...NO_KIND_CONTENT,
      kept: false,
      written_at: new Date(),
    })),
  );
  return { id, anna, ben, messages: await hotMessages(ctx, id) };
}

export const hotMessages = (ctx: RequestContext, conversation_id: ObjectId): Promise<Message[]> =>
  ctx.repository(messages).find({ conversation_id }, { sort: { seq: 1 }, withDeleted: true });

export const bytesOf = (documents: object[]): string[] =>
  documents.map((document) => Buffer.from(serialize(document)).toString('base64'));
