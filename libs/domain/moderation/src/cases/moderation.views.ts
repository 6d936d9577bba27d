import { versioned } from '#caas/kernel';
import { viewOfReference } from '#caas/domain/users';
import { viewOfMessage } from '#caas/domain/messages';
import type { ModerationCase } from './moderation-case.schema';
import type { ModerationReport } from './moderation-report.schema';
import type { CaseFile } from './moderation.service';

/** Views of moderation for users who report, and for the tenant's server. */

export const viewOfReport = ({ _id, reporter, reason, detail, created_at }: ModerationReport) => ({
  id: _id.toHexString(),
  reporter: viewOfReference(reporter),
  reason,
  detail,
  created_at: created_at.toISOString(),
});

export const viewOfCase = (row: ModerationCase) => ({
  id: row._id.toHexString(),
  status: row.status,
  target: { type: row.target_type, id: row.target_id.toHexString() },
  user: viewOfReference(row.user),
  conversation_id: row.conversation_id?.toHexString() ?? null,
  report_count: row.report_count,
  flagged: row.flagged,
  decision:
    row.status === 'closed' && row.decision
      ? {
          decision: row.decision.kind,
          note: row.decision.note,
          by: row.decision.by,
          at: row.decision.at.toISOString(),
        }
      : null,
  created_at: row.created_at.toISOString(),
  updated_at: row.updated_at.toISOString(),
});

export const viewOfCaseFile = ({ row, reports, message }: CaseFile) =>
  versioned(
    { ...viewOfCase(row), reports: reports.map(viewOfReport), message: message && viewOfMessage(message) },
    row.__v,
  );
