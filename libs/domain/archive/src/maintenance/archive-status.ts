import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { ArchiveHolds } from '../archiving/holds';
import { ArchivePolicy, type ArchiveRules } from '../archiving/archive-policy';
import { archiveSegments, type SegmentState } from '../persistence/archive-segment.schema';

export interface ArchiveState {
  rules: ArchiveRules;
  segments: number;
  messages: number;
  bytes: number;
  content_bytes: number;
  by_state: Partial<Record<SegmentState, number>>;
  holds: { reason: string; conversation_id: string | null; user_id: string | null; until: string | null }[];
}

/** Reports what a tenant has in cold storage. */
@Injectable()
export class ArchiveStatus {
  constructor(
    private readonly holds: ArchiveHolds,
    private readonly policy: ArchivePolicy,
  ) {}

  async of(ctx: RequestContext, conversationId?: ObjectId): Promise<ArchiveState> {
    const sums = await ctx.repository(archiveSegments).aggregate<{
      _id: SegmentState;
      segments: number;
      messages: number;
      bytes: number;
      content_bytes: number;
    }>([
      { $match: conversationId ? { conversation_id: conversationId } : {} },
      {
        $group: {
          _id: '$state',
          segments: { $sum: 1 },
          messages: { $sum: '$count' },
          bytes: { $sum: '$bytes' },
          content_bytes: { $sum: '$content_bytes' },
        },
      },
    ]);
    const seen = sums.filter(({ _id }) => _id === 'sealed' || _id === 'pruned' || _id === 'restoring');
    const total = (of: 'segments' | 'messages' | 'bytes' | 'content_bytes') =>
      seen.reduce((sum, each) => sum + each[of], 0);
    const held = await this.holds.list(ctx);
    return {
      rules: await this.policy.of(ctx),
      segments: total('segments'),
      messages: total('messages'),
      bytes: total('bytes'),
      content_bytes: total('content_bytes'),
      by_state: Object.fromEntries(sums.map(({ _id, segments }) => [_id, segments])),
      holds: held.map(({ reason, conversation_id, user_id, until }) => ({
        reason,
        conversation_id: conversation_id?.toHexString() ?? null,
        user_id: user_id?.toHexString() ?? null,
        until: until?.toISOString() ?? null,
      })),
    };
  }
}
