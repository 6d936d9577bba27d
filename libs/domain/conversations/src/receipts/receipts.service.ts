import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { invalid, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { members, type Member } from '../store/member.schema';
import { ConversationChanges, Unchanged } from '../changes/conversation-changes';
import { ConversationAccess } from '../access/conversation-access';
import type { ConversationMembership } from '../store/conversation-memberships';
import { BlockVisibility } from '../access/block-visibility';
import { watermarksOf, type Watermarks } from '../store/watermarks';
import type { Conversation } from '../store/conversation.schema';
import { viewOfReference } from '#caas/domain/users';

/** `read` includes `delivered`, because a message that was read has arrived. */
export type Mark = 'read' | 'delivered';

/** One member's watermarks, as clients see them. */
export interface Receipt extends Watermarks {
  user: ReturnType<typeof viewOfReference>;
}

/** How far each member has read and received. It keeps one watermark per member, not a row per message and reader. */
@Injectable()
export class ReceiptsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly changes: ConversationChanges,
    private readonly apart: BlockVisibility,
  ) {}

  /**
   * Raises the actor's watermark to `seq`, and never lowers it. A call that does not raise it takes no `rev` and publishes nothing.
   * @throws CaasError `conversation_not_found` (404), `seq_beyond_last` (400)
   */
  async mark(ctx: RequestContext, conversationId: ObjectId, mark: Mark, seq: number): Promise<Receipt> {
    const entry = await this.access.requireMember(ctx, conversationId);
    if (seq <= watermarksOf(entry.conversation, entry.member)[`${mark}_seq`]) return receiptOf(entry);
    const { value: receipt, rev } = await this.changes.apply(ctx, conversationId, async ({ tx, conversation }) => {
      if (seq > conversation.last_seq) throw beyondLast(conversation);
      const who = { conversation_id: conversationId, 'user.user_id': ctx.user.user_id };
      const higher = mark === 'read' ? { read_seq: seq, delivered_seq: seq } : { delivered_seq: seq };
      const member = await tx.repository(members).findOneAndUpdate(who, { $max: higher }, { returning: 'before' });
      // The actor left in the meantime: only members have a watermark.
      if (!member) return new Unchanged(receiptOf(entry));
      const before = watermarksOf(conversation, member);
      if (seq <= before[`${mark}_seq`]) return new Unchanged(receiptOf({ conversation, member }));
      return receiptOf({ conversation, member: { ...member, ...raised(member, higher) } });
    });
    if (rev !== null)
      this.apart.tell(ctx, conversationId, ctx.user, { type: 'receipt.updated', rev, data: { ...receipt } });
    return receipt;
  }

  /**
   * The watermarks of the members, in the order in which they joined. Members with a block between them and the actor are left out,
   * so a page may be short.
   * @throws CaasError `conversation_not_found` (404)
   */
  async page(ctx: RequestContext, conversationId: ObjectId, request: PageRequest): Promise<Page<Receipt>> {
    const { conversation } = await this.access.requireMember(ctx, conversationId);
    const { data, page } = await ctx.repository(members).page({ conversation_id: conversationId }, request);
    return { data: (await this.apart.notFrom(ctx, data)).map((member) => receiptOf({ conversation, member })), page };
  }
}

export function receiptOf({ conversation, member }: ConversationMembership): Receipt {
  return { user: viewOfReference(member.user), ...watermarksOf(conversation, member) };
}

function raised(member: Member, { read_seq = 0, delivered_seq = 0 }: Partial<Watermarks>): Watermarks {
  return {
    read_seq: Math.max(member.read_seq, read_seq),
    delivered_seq: Math.max(member.delivered_seq, delivered_seq),
  };
}

const beyondLast = ({ last_seq }: Conversation) =>
  invalid('seq_beyond_last', `The newest message has the seq ${last_seq}.`, [
    { field: 'seq', message: `must not be higher than ${last_seq}` },
  ]);
