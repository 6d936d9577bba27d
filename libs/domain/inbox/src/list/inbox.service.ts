import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  cursorOfPlace,
  cutPage,
  placeOfCursor,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import {
  ConversationAccess,
  ConversationFolds,
  conversations,
  members,
  type Conversation,
  type ConversationMembership,
} from '#caas/domain/conversations';

const MAX_CONVERSATIONS = 10_000;

/** Lists the conversations of the actor. */
@Injectable()
export class InboxService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly folds: ConversationFolds,
  ) {}

  /**
   * The actor's conversations by newest activity. The cursor is a position in that order, and stays valid when conversations move.
   * A page may be short, because conversations that the actor has just left are missing.
   * @param archived true: only those that the actor has archived; false: only the others; null: all
   */
  async page(
    ctx: RequestContext,
    request: PageRequest,
    archived: boolean | null,
  ): Promise<Page<ConversationMembership>> {
    const ids = await this.conversationIds(ctx, archived);
    await this.folds.settle(ctx, ids);
    const order = request.direction === 'backward' ? -1 : 1;
    const rows = await ctx
      .repository(conversations)
      .find(
        { $and: [{ _id: { $in: ids } }, beyond(request)] },
        { sort: { last_activity_at: order, _id: order }, limit: request.limit + 1 },
      );
    const { data, page } = cutPage(rows, request, ({ last_activity_at, _id }) =>
      cursorOfPlace({ at: last_activity_at, id: _id.toHexString() }),
    );
    return { data: await this.access.membershipsOf(ctx, data), page };
  }

  /** A user may have a thousand memberships, so only those of the page are read whole. */
  private async conversationIds(ctx: RequestContext, archived: boolean | null): Promise<ObjectId[]> {
    const which = archived === null ? {} : { archived };
    const own = await ctx
      .repository(members)
      .find(
        { 'user.user_id': ctx.user.user_id, ...which },
        { sort: { _id: -1 }, limit: MAX_CONVERSATIONS, fields: ['conversation_id'] },
      );
    return own.map(({ conversation_id }) => conversation_id);
  }
}

function beyond({ cursor, direction }: PageRequest): Filter<Conversation> {
  const place = cursor === null ? null : placeOfCursor(cursor);
  if (!place) return {};
  const operator = direction === 'backward' ? '$lt' : '$gt';
  return {
    $or: [
      { last_activity_at: { [operator]: place.at } },
      { last_activity_at: place.at, _id: { [operator]: new ObjectId(place.id) } },
    ],
  };
}
