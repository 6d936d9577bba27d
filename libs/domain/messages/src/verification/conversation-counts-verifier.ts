import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { keyOfEmoji, type RequestContext } from '#caas/kernel';
import { members } from '#caas/domain/conversations';
import { watermarksOf } from '#caas/domain/conversations';
import { conversations, type Conversation } from '#caas/domain/conversations';
import { archivedPartsOf } from '../cold-reads/archived-parts';
import { MessageArchive } from '../cold-reads/message-archive';
import { ConversationFolds } from '#caas/domain/conversations';
import { MessageReader } from '../cold-reads/message-reader';
import { rowsOf } from '../kinds/kind-rows';
import type { KindRow } from '../kinds/message-kind';
import { kindOf } from '../kinds/message-kinds';
import { messages, type Message } from '../store/message.schema';
import { reactions } from '../store/reaction.schema';
import { ACCOUNTED, ConversationRecount, type AccountedMessage, type Drift } from './conversation-recount';

const MESSAGES_AT_ONCE = 500;
/** How often a conversation is counted while it is being written to, before the verifier skips it. */
const ATTEMPTS = 4;
const MAX_DRIFTS_LISTED = 100;

export interface Verification {
  conversations: number;
  messages: number;
  /** How many stored numbers differ from what was counted; 0 is expected. */
  drift: number;
  /** The first hundred of them. */
  drifts: Drift[];
  /** Conversations that changed during every attempt to count them. */
  unsettled: number;
}

/** Folds one tenant's conversations and recounts every counter of them and their messages. It repairs nothing. */
@Injectable()
export class ConversationCountsVerifier {
  constructor(
    private readonly reader: MessageReader,
    private readonly cold: MessageArchive,
    private readonly folds: ConversationFolds,
  ) {}

  /** Reads in portions: memory is bounded by the revs of the longest conversation. */
  async verify(ctx: RequestContext): Promise<Verification> {
    const result: Verification = { conversations: 0, messages: 0, drift: 0, drifts: [], unsettled: 0 };
    for await (const { _id } of ctx.repository(conversations).stream({}, { fields: ['_id'], sort: { _id: 1 } })) {
      result.conversations += 1;
      const drifts = await this.settled(ctx, _id);
      if (drifts === null) {
        result.unsettled += 1;
        continue;
      }
      result.messages += drifts.messages;
      result.drift += drifts.found.length;
      result.drifts.push(...drifts.found.slice(0, MAX_DRIFTS_LISTED - result.drifts.length));
    }
    return result;
  }

  /** Null when the conversation was written to during each attempt. */
  private async settled(ctx: RequestContext, id: ObjectId): Promise<{ found: Drift[]; messages: number } | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await this.folds.fold(ctx, id);
      const conversation = await ctx.repository(conversations).findById(id);
      if (!conversation) return { found: [], messages: 0 };
      const found = await this.count(ctx, conversation);
      const after = await ctx.repository(conversations).findById(id);
      const isSame =
        after?.last_seq === conversation.last_seq &&
        after.rev === conversation.rev &&
        after.archive_version === conversation.archive_version;
      if (isSame) return { found, messages: conversation.last_seq };
    }
    return null;
  }

  private async count(ctx: RequestContext, conversation: Conversation): Promise<Drift[]> {
    const version = conversation.archive_version ?? null;
    const gone = version === null ? [] : (await this.cold.open(ctx, conversation._id, version)).gone;
    const account = new ConversationRecount(conversation, gone);
    for (let after = 0; ;) {
      const some = await this.next(ctx, conversation, after);
      const counts = await this.reactionsTo(ctx, some);
      const rows = countRows(some, await rowsOf(ctx, some));
      addArchived(some, counts);
      for (const message of some) {
        const id = message._id.toHexString();
        account.add(message, counts.get(id) ?? {}, rows.get(id) ?? {});
      }
      if (some.length < MESSAGES_AT_ONCE) break;
      after = some.at(-1)!.seq;
    }
    const everyone = await ctx.repository(members).find({ conversation_id: conversation._id });
    const watermarks = everyone.map((member) => {
      const { read_seq, delivered_seq } = watermarksOf(conversation, member);
      return { user_id: member.user.user_id.toHexString(), seq: Math.max(read_seq, delivered_seq) };
    });
    return account.finish(everyone.length, watermarks);
  }

  private next(ctx: RequestContext, conversation: Conversation, after: number): Promise<AccountedMessage[]> {
    if ((conversation.archive_version ?? null) !== null) {
      const span = { from: after + 1, to: Infinity, direction: 'forward', limit: MESSAGES_AT_ONCE } as const;
      return this.reader.span(ctx, conversation._id, span);
    }
    return ctx
      .repository(messages)
      .find(
        { conversation_id: conversation._id, seq: { $gt: after } },
        { sort: { seq: 1 }, limit: MESSAGES_AT_ONCE, withDeleted: true, fields: [...ACCOUNTED] },
      );
  }

  /** By message, and by emoji key. */
  private async reactionsTo(
    ctx: RequestContext,
    some: AccountedMessage[],
  ): Promise<Map<string, Record<string, number>>> {
    const among = { $in: some.map(({ _id }) => _id) };
    const counts = new Map<string, Record<string, number>>();
    for (const { message_id, emoji } of await ctx
      .repository(reactions)
      .find({ message_id: among }, { fields: ['message_id', 'emoji'] })) {
      const id = message_id.toHexString();
      count(counts, id, keyOfEmoji(emoji));
    }
    return counts;
  }
}

type Counts = Map<string, Record<string, number>>;

/** Adds the reactions that archived messages carry. */
function addArchived(some: AccountedMessage[], reacted: Counts): void {
  for (const message of some) {
    for (const { emoji } of archivedPartsOf(message as Message)?.reactions ?? []) {
      count(reacted, message._id.toHexString(), keyOfEmoji(emoji));
    }
  }
}

/** By message, and by the counter that includes the row. @param hot rows; archived messages carry their own */
function countRows(some: AccountedMessage[], hot: KindRow[]): Counts {
  const counts: Counts = new Map();
  const hotRows = Map.groupBy(hot, ({ message_id }) => message_id.toHexString());
  for (const message of some) {
    const kind = kindOf(message);
    if (!kind) continue;
    const id = message._id.toHexString();
    const rows = [...(hotRows.get(id) ?? []), ...(archivedPartsOf(message as Message)?.rows ?? [])];
    for (const key of rows.flatMap((row) => kind.countedIn(row))) count(counts, id, key);
  }
  return counts;
}

function count(counts: Map<string, Record<string, number>>, id: string, key: string): void {
  const own = counts.get(id) ?? {};
  own[key] = (own[key] ?? 0) + 1;
  counts.set(id, own);
}
