import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext, UserReference } from '#caas/kernel';
import type { Message } from '#caas/domain/messages';
import { moderationCases, type ModerationCase, type TargetType } from './moderation-case.schema';

export interface Target {
  type: TargetType;
  id: ObjectId;
  user: UserReference;
  conversation_id: ObjectId | null;
}

/** Opens cases, and adds to open ones, in the transaction of the report or the flagged send. */
@Injectable()
export class ModerationCases {
  /** Adds messages that match what the tenant wants to review. */
  async flag(tx: RequestContext, messages: Message[]): Promise<void> {
    for (const message of messages) await this.add(tx, targetOf(message), { flagged: true });
  }

  /** Adds a report. @returns its case */
  report(tx: RequestContext, target: Target): Promise<ModerationCase> {
    return this.add(tx, target, { reported: true });
  }

  /** @throws DuplicateKeyError when another transaction opens the case at the same moment: run the transaction again */
  private async add(
    tx: RequestContext,
    target: Target,
    { flagged = false, reported = false },
  ): Promise<ModerationCase> {
    const rows = tx.repository(moderationCases);
    const more = { $inc: { report_count: reported ? 1 : 0 }, ...(flagged ? { $set: { flagged } } : {}) };
    const open = await rows.findOneAndUpdate({ open_key: target.id }, more);
    if (open) return open;
    return rows.insertOne({
      open_key: target.id,
      target_type: target.type,
      target_id: target.id,
      user: target.user,
      conversation_id: target.conversation_id,
      status: 'open',
      report_count: reported ? 1 : 0,
      flagged,
      decision: null,
    });
  }
}

export const targetOf = ({ _id, sender, conversation_id }: Message): Target => ({
  type: 'message',
  id: _id,
  user: sender,
  conversation_id,
});
