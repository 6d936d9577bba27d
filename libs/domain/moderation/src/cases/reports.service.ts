import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { DuplicateKeyError, invalid, type RequestContext } from '#caas/kernel';
import { UsersService } from '#caas/domain/users';
import { MessageAccess } from '#caas/domain/messages';
import { requirePresent } from '#caas/domain/messages';
import { ModerationCases, targetOf, type Target } from './moderation-cases';
import { moderationReports, type ModerationReport, type Reason } from './moderation-report.schema';

export interface NewReport {
  reason: Reason;
  detail?: string;
}

export interface Reported {
  report: ModerationReport;
  /** False when the actor has reported the same target before: the first report stands. */
  created: boolean;
}

/** Reports by users. They can report what they can see, each target once. */
@Injectable()
export class ReportsService {
  constructor(
    private readonly access: MessageAccess,
    private readonly users: UsersService,
    private readonly cases: ModerationCases,
  ) {}

  /** @throws CaasError `own_target` (400), `message_not_found` (404), `message_deleted` (409) */
  async reportMessage(ctx: RequestContext, id: ObjectId, report: NewReport): Promise<Reported> {
    const message = await this.access.readable(ctx, id);
    requirePresent(message);
    return this.report(ctx, targetOf(message), report);
  }

  /** @throws CaasError `own_target` (400), `user_not_found` (404) */
  async reportUser(ctx: RequestContext, pathId: string, report: NewReport): Promise<Reported> {
    const { _id, external_id, display_name } = await this.users.get(ctx, pathId);
    const user = { user_id: _id, user_external_id: external_id, user_display_name: display_name };
    return this.report(ctx, { type: 'user', id: _id, user, conversation_id: null }, report);
  }

  private async report(ctx: RequestContext, target: Target, report: NewReport): Promise<Reported> {
    if (target.user.user_id.equals(ctx.user.user_id)) {
      throw invalid('own_target', 'Nobody reports what is their own.');
    }
    const own = { target_id: target.id, 'reporter.user_id': ctx.user.user_id };
    for (;;) {
      const known = await ctx.repository(moderationReports).findOne(own);
      if (known) return { report: known, created: false };
      const made = await this.add(ctx, target, report);
      if (made) return { report: made, created: true };
    }
  }

  /** Null when the same report, or its case, was created concurrently. */
  private async add(ctx: RequestContext, target: Target, report: NewReport): Promise<ModerationReport | null> {
    const { reason, detail = null } = report;
    try {
      return await ctx.transaction(async (tx) => {
        const { _id: case_id } = await this.cases.report(tx, target);
        return tx
          .repository(moderationReports)
          .insertOne({ case_id, target_id: target.id, reporter: tx.user, reason, detail });
      });
    } catch (error) {
      if (error instanceof DuplicateKeyError) return null;
      throw error;
    }
  }
}
