import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  CaasError,
  Clock,
  conflict,
  invalid,
  notFound,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import { MessageReader, type Message } from '#caas/domain/messages';
import {
  moderationCases,
  type CaseStatus,
  type Decision,
  type DecisionKind,
  type ModerationCase,
} from './moderation-case.schema';
import { ModerationActions } from './moderation-actions';
import { moderationReports, type ModerationReport } from './moderation-report.schema';

const REPORTS_SHOWN = 20;
/** Longer than an action takes. A process that has not finished by then has died, and the same decision may be made again. */
const LEASE_MS = 30_000;

/** A case with the information that a moderator needs. */
export interface CaseFile {
  row: ModerationCase;
  /** Newest first. */
  reports: ModerationReport[];
  /** The message as it is now, hot or archived; null for a case about a user. */
  message: Message | null;
}

/** The moderators' queue, for the tenant's server: reported and flagged messages and users, and the decisions about them. */
@Injectable()
export class ModerationService {
  constructor(
    private readonly acts: ModerationActions,
    private readonly reader: MessageReader,
    private readonly clock: Clock,
  ) {}

  /** Newest first when paged backward. @throws CaasError `server_key_required` (403) */
  async list(ctx: RequestContext, status: CaseStatus | null, request: PageRequest): Promise<Page<ModerationCase>> {
    ctx.requireServer();
    return ctx.repository(moderationCases).page(status === null ? {} : { status }, request);
  }

  /** @throws CaasError `server_key_required` (403), `case_not_found` (404) */
  async get(ctx: RequestContext, id: ObjectId): Promise<CaseFile> {
    ctx.requireServer();
    const row = await ctx.repository(moderationCases).findById(id);
    if (!row) throw notFound('case');
    return this.file(ctx, row);
  }

  /**
   * Carries out the decision, then closes the case. Of concurrent decisions only one is made, and the others get `case_decided`.
   * @throws CaasError `server_key_required` (403), `not_about_message` (400), `case_not_found` (404), `case_decided`,
   *   `not_in_a_group`, `message_archived` (409), and what the action throws: the case stays open then
   */
  async decide(ctx: RequestContext, id: ObjectId, kind: DecisionKind, note: string | null): Promise<CaseFile> {
    const { row } = await this.get(ctx, id);
    if (row.target_type === 'user' && (kind === 'delete_message' || kind === 'ban_user')) {
      throw invalid('not_about_message', 'This case is about a user, not about a message.', [
        { field: 'decision', message: 'must be dismiss or deactivate_user' },
      ]);
    }
    const decision: Decision = { kind, note, by: nameOf(ctx), at: this.clock.now() };
    const claimed = await this.claim(ctx, row, decision);
    try {
      await this.acts.apply(ctx, claimed, decision);
    } catch (error) {
      await ctx.repository(moderationCases).updateOne(claimOf(claimed, decision), { $set: { decision: null } });
      throw error;
    }
    const closed = await ctx
      .repository(moderationCases)
      .findOneAndUpdate(claimOf(claimed, decision), { $set: { status: 'closed', open_key: claimed._id } });
    if (!closed) throw decided();
    return this.file(ctx, closed);
  }

  private async claim(ctx: RequestContext, { _id }: ModerationCase, decision: Decision): Promise<ModerationCase> {
    const left = new Date(decision.at.getTime() - LEASE_MS);
    const free: Filter<ModerationCase> = {
      _id,
      status: 'open',
      $or: [{ decision: null }, { 'decision.kind': decision.kind, 'decision.at': { $lt: left } }],
    };
    const claimed = await ctx.repository(moderationCases).findOneAndUpdate(free, { $set: { decision } });
    if (!claimed) throw decided();
    return claimed;
  }

  private async file(ctx: RequestContext, row: ModerationCase): Promise<CaseFile> {
    const reports = await ctx
      .repository(moderationReports)
      .find({ case_id: row._id }, { sort: { _id: -1 }, limit: REPORTS_SHOWN });
    const message = row.target_type === 'message' ? await this.reader.find(ctx, row.target_id) : null;
    return { row, reports, message };
  }
}

const claimOf = ({ _id }: ModerationCase, { kind, at }: Decision) => ({
  _id,
  status: 'open' as const,
  'decision.kind': kind,
  'decision.at': at,
});

const decided = (): CaasError => conflict('case_decided', 'This case has been decided, or is being decided now.');

const nameOf = ({ actor }: RequestContext): string => {
  if (actor.kind === 'user') return actor.user.user_external_id;
  return actor.kind === 'server' ? `server_key:${actor.keyId}` : actor.name;
};
