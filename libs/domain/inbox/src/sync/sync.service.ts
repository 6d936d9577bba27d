import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { members } from '#caas/domain/conversations';
import { Realtime } from '#caas/platform/realtime';
import { ConversationAccess } from '#caas/domain/conversations';
import type { ConversationMembership } from '#caas/domain/conversations';
import { ConversationViews } from '#caas/domain/conversations';
import { BlockVisibility } from '#caas/domain/conversations';
import { UnreadMentions } from '#caas/domain/conversations';
import { MessageViews } from '#caas/domain/messages';
import { receiptOf, type Receipt } from '#caas/domain/conversations';
import { isAhead, isBehind, stateOf, type Found, type Position } from './conversation-state';
import { MissedMessages } from './missed-messages';

const DEFAULT_LIMIT = 100;
const JOINED_AT_ONCE = 100;
/** In one answer, approximately. Conversations that do not fit say so by `has_more`. */
const MAX_MESSAGES = 1_000;
const READ_AT_ONCE = 8;
const NOTHING: Found = { changed: [], hasMoreChanged: false, sent: [], hasMoreSent: false };
/** The most members whose receipts one query reads. */
const MAX_MEMBERS_AT_ONCE = 2_000;

export interface SyncRequest {
  /** What the client remembers of each conversation. */
  conversations: Record<string, Position>;
  /** Limit on the messages per conversation; 100 when absent. */
  limit?: number;
  /** `joined_page.next_cursor` of the previous answer. */
  joined_cursor?: string;
}

/** Returns everything that happened since a client last synced, in one call. */
@Injectable()
export class SyncService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly views: MessageViews,
    private readonly conversationViews: ConversationViews,
    private readonly mentions: UnreadMentions,
    private readonly missed: MissedMessages,
    private readonly apart: BlockVisibility,
    private readonly realtime: Realtime,
  ) {}

  async sync(ctx: RequestContext, { conversations: known, limit = DEFAULT_LIMIT, joined_cursor }: SyncRequest) {
    const ids = Object.keys(known).filter(isObjectIdHex);
    const entries = await this.entries(ctx, ids, known);
    const missed = await this.missedIn(ctx, entries, known, limit);
    const receipts = await this.receipts(ctx, [...entries.values()]);
    const behind = [...entries].filter(([id, entry]) => isBehind(entry, known[id]!)).map(([, entry]) => entry);
    const mentions = await this.mentions.in(ctx, behind);
    const found = [...missed.values()].flatMap(({ changed, sent }) => [...changed, ...sent]);
    const seen = await this.views.all(ctx, found);
    const views = new Map(found.map(({ _id }, at) => [_id, seen[at]!]));
    const changed = [...entries].map(([id, entry]) => {
      const own = missed.get(id) ?? null;
      const messages = own ? [...own.changed, ...own.sent].map(({ _id }) => views.get(_id)!) : [];
      const state = stateOf(entry, known[id]!, own, mentions.get(id) ?? 0);
      return [id, { messages, ...state, receipts: receipts.get(id) ?? [] }] as const;
    });
    return {
      conversations: Object.fromEntries(changed),
      ...(await this.joined(ctx, ids, joined_cursor ?? null)),
      left: Object.keys(known).filter((id) => !entries.has(id)),
    };
  }

  /**
   * The actor's memberships. They are read before the messages: later messages have higher numbers than the answer, and are asked
   * for next time. A row that knows less than the client, or less than this process has received, is folded first. The client may
   * have joined the room just after an event of that conversation, and must get that change here.
   */
  private async entries(ctx: RequestContext, ids: string[], known: Record<string, Position>) {
    const entries = await this.access.findMany(
      ctx,
      ids.map((id) => new ObjectId(id)),
    );
    const lagging = [...entries].filter(
      ([id, entry]) => isAhead(entry, known[id]!) || this.realtime.heard(ctx, id).seq > entry.conversation.last_seq,
    );
    if (lagging.length === 0) return entries;
    const ofLagging = lagging.map(([, { conversation }]) => conversation._id);
    const now = await this.access.findFolded(ctx, ofLagging);
    for (const [id] of lagging) {
      const entry = now.get(id);
      if (entry) entries.set(id, entry);
      else entries.delete(id);
    }
    return entries;
  }

  /** For conversations where the client is behind. Conversations that did not fit are missing. */
  private async missedIn(
    ctx: RequestContext,
    entries: Map<string, ConversationMembership>,
    known: Record<string, Position>,
    limit: number,
  ): Promise<Map<string, Found>> {
    const behind = [...entries].filter(([id, entry]) => isBehind(entry, known[id]!));
    const found = new Map<string, Found>([...entries.keys()].map((id) => [id, NOTHING]));
    let total = 0;
    for (let at = 0; at < behind.length; at += READ_AT_ONCE) {
      const some = behind.slice(at, at + READ_AT_ONCE);
      if (total >= MAX_MESSAGES) {
        for (const [id] of some) found.delete(id);
        continue;
      }
      const all = await Promise.all(some.map(([id, entry]) => this.missed.of(ctx, entry, known[id]!, limit)));
      all.forEach((each, index) => {
        found.set(some[index]![0], each);
        total += each.changed.length + each.sent.length;
      });
    }
    return found;
  }

  private async receipts(ctx: RequestContext, entries: ConversationMembership[]): Promise<Map<string, Receipt[]>> {
    const receipts = new Map<string, Receipt[]>();
    for (const some of inPortions(entries)) {
      const among = { $in: some.map(({ conversation }) => conversation._id) };
      const byConversation = Map.groupBy(
        await ctx.repository(members).find({ conversation_id: among }),
        ({ conversation_id }) => conversation_id.toHexString(),
      );
      for (const { conversation } of some) {
        const everyone = byConversation.get(conversation._id.toHexString()) ?? [];
        receipts.set(
          conversation._id.toHexString(),
          (await this.apart.notFrom(ctx, everyone)).map((member) => receiptOf({ conversation, member })),
        );
      }
    }
    return receipts;
  }

  /** The actor's conversations that the client does not know, in the order in which the actor joined. */
  private async joined(ctx: RequestContext, known: string[], cursor: string | null) {
    const unknown = {
      'user.user_id': ctx.user.user_id,
      conversation_id: { $nin: known.map((id) => new ObjectId(id)) },
    };
    const request = { cursor, limit: JOINED_AT_ONCE, direction: 'forward' } as const;
    const { data, page } = await ctx.repository(members).page(unknown, request);
    const entries = await this.access.findMany(
      ctx,
      data.map(({ conversation_id }) => conversation_id),
    );
    return {
      joined: await this.conversationViews.all(ctx, [...entries.values()]),
      joined_page: { next_cursor: page.next_cursor, has_more: page.has_more },
    };
  }
}

/** Groups conversations so that no group has more members than one query should read. */
function inPortions(entries: ConversationMembership[]): ConversationMembership[][] {
  const portions: ConversationMembership[][] = [];
  let room = 0;
  for (const entry of entries) {
    const { member_count } = entry.conversation;
    if (portions.length === 0 || member_count > room) {
      portions.push([]);
      room = MAX_MEMBERS_AT_ONCE;
    }
    portions.at(-1)!.push(entry);
    room -= member_count;
  }
  return portions;
}
