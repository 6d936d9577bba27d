import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, type RequestContext } from '#caas/kernel';
import { LegalHolds, type ArchivedMessage, type Message } from '#caas/domain/messages';
import { archiveHolds, type ArchiveHold } from '../persistence/archive-hold.schema';

/** What a legal hold covers: the whole tenant when neither field is given. */
export interface HoldSubject {
  conversationId?: ObjectId | undefined;
  userId?: ObjectId | undefined;
}

type Held = Pick<Message, 'conversation_id' | 'seq' | 'sender'>;

/** A snapshot of a tenant's holds. */
export class HeldMessages {
  constructor(private readonly holds: ArchiveHold[]) {}

  /** Whether the message must not be archived: it is under a legal hold, or was restored recently. */
  keeps(message: Held): boolean {
    return this.holds.some((hold) => isAbout(hold, message, [message.sender.user_id]));
  }

  /** Whether a legal hold preserves the message when its sender edits or deletes it. */
  keepsLegally(message: Held): boolean {
    return this.holds.some((hold) => hold.reason === 'legal' && isAbout(hold, message, [message.sender.user_id]));
  }

  /**
   * Whether a legal hold prevents erasure and expiry. A message contains other users' reactions and rows, so a hold on any of those
   * users keeps it too.
   */
  legally({ message, reactions, rows }: ArchivedMessage): boolean {
    const authors = [message.sender, ...[...reactions, ...rows].map(({ user }) => user)].map(({ user_id }) => user_id);
    return this.holds.some((hold) => hold.reason === 'legal' && isAbout(hold, message, authors));
  }

  /** Whether no message of the conversation may be archived. */
  keepsAll(conversationId: ObjectId): boolean {
    return this.holds.some(
      ({ reason, conversation_id, user_id }) =>
        reason === 'legal' && user_id === null && (conversation_id === null || conversation_id.equals(conversationId)),
    );
  }

  get isEmpty(): boolean {
    return this.holds.length === 0;
  }
}

/** Messages that must stay where they are. For operators and jobs: no permission is checked. */
@Injectable()
export class ArchiveHolds extends LegalHolds {
  constructor(private readonly clock: Clock) {
    super();
  }

  override async keep(tx: RequestContext, message: Held): Promise<boolean> {
    return new HeldMessages(await tx.repository(archiveHolds).find({})).keepsLegally(message);
  }

  async of(ctx: RequestContext): Promise<HeldMessages> {
    const now = this.clock.now();
    const rows = await ctx.repository(archiveHolds).find({});
    return new HeldMessages(rows.filter(({ until }) => until === null || until > now));
  }

  list(ctx: RequestContext): Promise<ArchiveHold[]> {
    return ctx.repository(archiveHolds).find({}, { sort: { _id: 1 } });
  }

  async place(ctx: RequestContext, subject: HoldSubject): Promise<void> {
    const rows = ctx.repository(archiveHolds);
    const about = rowOf(subject);
    if (await rows.findOne({ reason: 'legal', ...about })) return;
    await rows.insertOne({ reason: 'legal', ...about, first_seq: 0, last_seq: null, until: null });
  }

  /** @returns whether a hold was removed */
  async lift(ctx: RequestContext, subject: HoldSubject): Promise<boolean> {
    return (await ctx.repository(archiveHolds).deleteMany({ reason: 'legal', ...rowOf(subject) })) > 0;
  }

  /** Keeps restored messages from being archived again until `until`. Call it in the transaction of the restore. */
  async keepRestored(
    tx: RequestContext,
    conversation_id: ObjectId,
    { first_seq, last_seq }: { first_seq: number; last_seq: number },
    until: Date,
  ): Promise<void> {
    const row = { reason: 'restored' as const, conversation_id, user_id: null, first_seq, last_seq, until };
    await tx.repository(archiveHolds).insertOne(row);
  }

  async forgetPast(ctx: RequestContext): Promise<void> {
    await ctx.repository(archiveHolds).deleteMany({ until: { $lt: this.clock.now(), $gt: new Date(0) } });
  }
}

const rowOf = ({ conversationId, userId }: HoldSubject) => ({
  conversation_id: conversationId ?? null,
  user_id: userId ?? null,
});

function isAbout(hold: ArchiveHold, { conversation_id, seq }: Held, authors: ObjectId[]): boolean {
  if (hold.conversation_id && !hold.conversation_id.equals(conversation_id)) return false;
  if (hold.user_id && !authors.some((id) => hold.user_id!.equals(id))) return false;
  return seq >= hold.first_seq && seq <= (hold.last_seq ?? Infinity);
}
