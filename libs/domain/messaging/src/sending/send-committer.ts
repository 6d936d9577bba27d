import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  CaasError,
  DuplicateKeyError,
  notFound,
  type NewDocument,
  type RequestContext,
  type UserReference,
  type WriteOperation,
} from '#caas/kernel';
import { conversations, type Conversation } from '../persistence/conversation.schema';
import { members, type Member } from '../persistence/member.schema';
import { messages, type Message } from '../persistence/message.schema';

/** More in one transaction would make each wait longer than it gains. */
const MAX_BATCH = 64;

/** A message that was checked and may be written; `seq` and `rev` are given by the commit. */
export type Draft = Omit<NewDocument<Message>, 'seq' | 'rev'> & { conversation_id: ObjectId; sender: UserReference };

interface Pending {
  ctx: RequestContext;
  draft: Draft;
  resolve(sent: Sent): void;
  reject(error: unknown): void;
}

export interface Sent {
  message: Message;
  /** The message was there already: the same client sent the same once more. */
  replayed: boolean;
}

/**
 * Writes messages in groups. While one transaction of a tenant is under way, further sends gather, and the next transaction
 * takes them all: the commit, which is what costs, is shared. Idle, a send is committed at once. Within the transaction the
 * conversations' counters grow first, in the order of ids (so that two processes never wait for each other crosswise), and
 * what they then say numbers the messages: a seq exists exactly when its message does.
 *
 * A group belongs to one tenant, since a transaction's repository does. A group that fails is split, so that nobody's
 * duplicate or bad luck holds up a neighbour.
 */
@Injectable()
export class SendCommitter {
  private readonly queues = new Map<string, Pending[]>();

  /** @throws CaasError `idempotency_mismatch` (422), `conversation_not_found` (404) */
  submit(ctx: RequestContext, draft: Draft): Promise<Sent> {
    return new Promise((resolve, reject) => {
      const pending = { ctx, draft, resolve, reject };
      const gathering = this.queues.get(ctx.tenantId);
      if (gathering) {
        gathering.push(pending);
        return;
      }
      const queue = [pending];
      this.queues.set(ctx.tenantId, queue);
      void this.drain(ctx.tenantId, queue);
    });
  }

  private async drain(tenantId: string, queue: Pending[]): Promise<void> {
    while (queue.length > 0) await this.commitGroup(queue.splice(0, MAX_BATCH));
    this.queues.delete(tenantId);
  }

  private async commitGroup(group: Pending[]): Promise<void> {
    // A client that repeats a message while the first is under way waits for the next group, and finds it there.
    const [distinct, repeated] = withoutRepeats(group);
    try {
      const written = await writeGroup(
        distinct[0]!.ctx,
        distinct.map(({ draft }) => draft),
      );
      distinct.forEach(({ resolve }, at) => resolve({ message: written[at]!, replayed: false }));
    } catch (error) {
      if (distinct.length > 1) await each(distinct, (pending) => this.commitAlone(pending));
      else await settle(distinct[0]!, error);
    }
    await each(repeated, (pending) => this.commitAlone(pending));
  }

  private async commitAlone(pending: Pending): Promise<void> {
    try {
      const original = await originalOf(pending);
      if (original) return pending.resolve(original);
      const [message] = await writeGroup(pending.ctx, [pending.draft]);
      pending.resolve({ message: message!, replayed: false });
    } catch (error) {
      await settle(pending, error);
    }
  }
}

/** One transaction: counters, messages, and the senders' own watermarks. */
function writeGroup(ctx: RequestContext, drafts: Draft[]): Promise<Message[]> {
  return ctx.transaction(async (tx) => {
    const byConversation = groupByConversation(drafts);
    const numbers = await advance(tx, byConversation);
    const documents = drafts.map((draft) => {
      const next = numbers.get(draft.conversation_id.toHexString());
      if (!next) throw notFound('conversation');
      next.seq += 1;
      next.rev += 1;
      return { ...draft, seq: next.seq, rev: next.rev } as NewDocument<Message>;
    });
    const written = await tx.repository(messages).insertMany(documents);
    await tx.repository(members).bulkWrite(readOwn(written));
    return written;
  });
}

type Group = { id: ObjectId; drafts: Draft[] };

function groupByConversation(drafts: Draft[]): Group[] {
  const groups = new Map<string, Group>();
  for (const draft of drafts) {
    const key = draft.conversation_id.toHexString();
    const group = groups.get(key);
    if (group) group.drafts.push(draft);
    else groups.set(key, { id: draft.conversation_id, drafts: [draft] });
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** Takes numbers for every group; answers what the counters were before. Conversations that are gone are missing in it. */
async function advance(tx: RequestContext, groups: Group[]): Promise<Map<string, { seq: number; rev: number }>> {
  const repository = tx.repository(conversations);
  const now = new Date();
  const [only] = groups;
  if (groups.length === 1 && only) {
    const counted = await repository.findOneAndUpdate({ _id: only.id }, growth(only, now));
    return new Map(counted ? [before(counted, only)] : []);
  }
  await repository.bulkWrite(
    groups.map((group) => ({
      updateOne: { filter: { _id: group.id }, update: growth(group, now) },
    })) as WriteOperation<Conversation>[],
  );
  const counted = await repository.find({ _id: { $in: groups.map(({ id }) => id) } }, { fields: ['last_seq', 'rev'] });
  const byId = new Map(groups.map((group) => [group.id.toHexString(), group]));
  return new Map(counted.map((conversation) => before(conversation, byId.get(conversation._id.toHexString())!)));
}

function before({ _id, last_seq, rev }: Conversation, { drafts }: Group): [string, { seq: number; rev: number }] {
  return [_id.toHexString(), { seq: last_seq - drafts.length, rev: rev - drafts.length }];
}

function growth({ drafts }: Group, now: Date) {
  const { _id, sender, type, text, created_at } = drafts.at(-1)!;
  const last_message = { id: _id!, sender, type, text: text?.slice(0, 500) ?? null, created_at: created_at ?? now };
  return { $inc: { last_seq: drafts.length, rev: drafts.length }, $set: { last_message, last_activity_at: now } };
}

/** Whoever writes has read up to what they wrote. One row per sender and conversation, in the order of ids. */
function readOwn(written: Message[]): WriteOperation<Member>[] {
  const newest = new Map<string, Message>();
  for (const message of written) {
    newest.set(`${message.conversation_id.toHexString()}:${message.sender.user_id.toHexString()}`, message);
  }
  return [...newest.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { conversation_id, sender, seq }]) => ({
      updateOne: {
        filter: { conversation_id, 'user.user_id': sender.user_id },
        update: { $max: { read_seq: seq, delivered_seq: seq } },
      },
    }));
}

function withoutRepeats(group: Pending[]): [distinct: Pending[], repeated: Pending[]] {
  const seen = new Set<string>();
  const distinct: Pending[] = [];
  const repeated: Pending[] = [];
  for (const pending of group) {
    const { conversation_id, sender, client_message_id } = pending.draft;
    const key = `${conversation_id.toHexString()}:${sender.user_id.toHexString()}:${client_message_id}`;
    (seen.has(key) ? repeated : distinct).push(pending);
    seen.add(key);
  }
  return [distinct, repeated];
}

/** A failed send: its message may be there already, sent before by this client. Everything else is the sender's to know. */
async function settle(pending: Pending, error: unknown): Promise<void> {
  if (!(error instanceof DuplicateKeyError)) return pending.reject(error);
  const original = await originalOf(pending).catch((failure: unknown) => pending.reject(failure));
  if (original) pending.resolve(original);
  else if (original === null) pending.reject(error);
}

/** @throws CaasError `idempotency_mismatch` (422) */
async function originalOf({ ctx, draft }: Pending): Promise<Sent | null> {
  const { conversation_id, sender, client_message_id, request_hash } = draft;
  const same = { conversation_id, 'sender.user_id': sender.user_id, client_message_id };
  const message = await ctx.repository(messages).findOne(same, { withDeleted: true });
  if (!message) return null;
  if (message.request_hash === request_hash) return { message, replayed: true };
  throw new CaasError('mismatch', 'idempotency_mismatch', 'This client_message_id was used for another message.', [
    { field: 'client_message_id', message: 'was used for another message' },
  ]);
}

async function each<T>(items: T[], action: (item: T) => Promise<void>): Promise<void> {
  for (const item of items) await action(item);
}
