import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  cursorOfPlace,
  cutPage,
  DuplicateKeyError,
  invalid,
  placeOfCursor,
  type Filter,
  type Page,
  type PageRequest,
  type RequestContext,
  type UserReference,
} from '#caas/kernel';
import { groupsSettings, requireRoom } from './groups.settings';
import { members } from '../store/member.schema';
import { UserResolver } from '#caas/domain/users';
import { Settings } from '#caas/domain/settings';
import { TextPolicy } from '#caas/domain/users';
import { conversations, type Conversation, type ConversationType, type History } from '../store/conversation.schema';
import { ConversationFolds } from '../folding/conversation-folds';
import { ConversationAccess } from '../access/conversation-access';
import type { Entry } from '../store/entries';
import { ConversationCreator } from './conversation-creator';

const FEED_LIMIT = 10_000;

export interface NewConversation {
  type: ConversationType;
  member_ids: string[];
  name?: string;
  metadata?: Record<string, unknown>;
  history?: History;
}

/** Opens conversations and lists them. */
@Injectable()
export class ConversationsService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly users: UserResolver,
    private readonly openings: ConversationCreator,
    private readonly rules: TextPolicy,
    private readonly settings: Settings,
    private readonly folds: ConversationFolds,
  ) {}

  /**
   * A direct conversation that exists is answered as it is (`created` is false).
   * @param id the new conversation's; one that the actor has made under it before is answered
   * @throws CaasError `unknown_members`, `invalid_members` (400), `blocked`, `name_blocked` (403), `group_full` (409)
   */
  async create(ctx: RequestContext, id: ObjectId, wanted: NewConversation): Promise<Entry & { created: boolean }> {
    const others = await this.users.others(ctx, wanted.member_ids);
    if (wanted.type === 'direct') return this.openDirect(ctx, id, others, wanted);
    requireRoom(await this.settings.of(ctx, groupsSettings), others.length + 1);
    const name = wanted.name === undefined ? {} : { name: await this.rules.admitName(ctx, wanted.name) };
    return this.openWithOwner(ctx, id, others, { ...wanted, ...name });
  }

  /** @throws CaasError `conversation_not_found` (404) */
  get(ctx: RequestContext, id: ObjectId): Promise<Entry> {
    return this.access.requireMember(ctx, id);
  }

  /**
   * The actor's inbox by newest activity: all of it, or what they have archived, or what they have not. The cursor is a place in that
   * order, which stays where it is when conversations move. A page may be short of what the actor has just left.
   */
  async inbox(ctx: RequestContext, request: PageRequest, archived: boolean | null = null): Promise<Page<Entry>> {
    const which = archived === null ? {} : { archived };
    // Of a thousand memberships only the page's own are needed whole.
    const own = await ctx
      .repository(members)
      .find(
        { 'user.user_id': ctx.user.user_id, ...which },
        { sort: { _id: -1 }, limit: FEED_LIMIT, fields: ['conversation_id'] },
      );
    const ids = own.map(({ conversation_id }) => conversation_id);
    await this.folds.settle(ctx, ids);
    const backward = request.direction === 'backward';
    const order = backward ? -1 : 1;
    const rows = await ctx.repository(conversations).find(
      {
        $and: [{ _id: { $in: ids } }, beyond(request)],
      },
      { sort: { last_activity_at: order, _id: order }, limit: request.limit + 1 },
    );
    const { data, page } = cutPage(rows, request, ({ last_activity_at, _id }) =>
      cursorOfPlace({ at: last_activity_at, id: _id.toHexString() }),
    );
    return { data: await this.access.entriesOf(ctx, data), page };
  }

  private async openDirect(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const [other] = others;
    if (!other || others.length !== 1) {
      throw invalid('invalid_members', 'A direct conversation has one other member.', [
        { field: 'member_ids', message: 'must name one user besides you' },
      ]);
    }
    const pair_key = [ctx.user.user_id.toHexString(), other.user_id.toHexString()].sort().join(':');
    const existing = await this.findPair(ctx, pair_key);
    if (existing) return { ...existing, created: false };
    try {
      return { ...(await this.openings.open(ctx, id, [ctx.user, other], { ...wanted, pair_key })), created: true };
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
      const winner = await this.findPair(ctx, pair_key);
      if (!winner) throw error;
      return { ...winner, created: false };
    }
  }

  private async openWithOwner(ctx: RequestContext, id: ObjectId, others: UserReference[], wanted: NewConversation) {
    const everyone = [ctx.user, ...others];
    try {
      return { ...(await this.openings.open(ctx, id, everyone, wanted)), created: true };
    } catch (error) {
      const made = error instanceof DuplicateKeyError ? await this.access.find(ctx, id) : null;
      if (!made) throw error;
      // Whoever made it may have died before anybody was told.
      this.openings.announce(ctx, made.conversation, everyone);
      return { ...made, created: true };
    }
  }

  private async findPair(ctx: RequestContext, pair_key: string): Promise<Entry | null> {
    const conversation = await ctx.repository(conversations).findOne({ pair_key });
    return conversation && this.access.requireMember(ctx, conversation._id);
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
