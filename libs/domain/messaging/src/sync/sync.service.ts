import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { members } from '#caas/domain/groups';
import { ConversationAccess, type Entry } from '../conversations/conversation-access';
import { ConversationViews } from '../conversations/conversation-views';
import { PeopleApart } from '../conversations/people-apart';
import { visibleFrom } from '../conversations/visibility';
import { UnreadMentions } from '../mentions/unread-mentions';
import type { Message } from '../persistence/message.schema';
import { MessageReader } from '../archived/message-reader';
import { MessageViews } from '../messages/message-views';
import { receiptOf, type Receipt } from '../receipts/receipts.service';
import { isBehind, stateOf } from './conversation-state';

const JOINED_AT_ONCE = 100;
/** In one answer, about: conversations that have no room in it say so by `has_more`. */
const MAX_MESSAGES = 1_000;
const READ_AT_ONCE = 8;
/** Receipts read by one query. */
const MAX_MEMBERS_AT_ONCE = 2_000;

export interface SyncRequest {
  /** What the client remembers: the `rev` of each conversation. */
  conversations: Record<string, number>;
  /** Messages per conversation, at most. */
  limit: number;
  /** `joined_page.next_cursor` of the answer before. */
  joined_cursor?: string;
}

/** Everything that happened since a client last looked, in one call. */
@Injectable()
export class SyncService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly views: MessageViews,
    private readonly conversationViews: ConversationViews,
    private readonly mentions: UnreadMentions,
    private readonly reader: MessageReader,
    private readonly apart: PeopleApart,
  ) {}

  async sync(ctx: RequestContext, { conversations: known, limit, joined_cursor }: SyncRequest) {
    const ids = Object.keys(known).filter(isObjectIdHex);
    // Before the messages are read: what comes in between has a higher rev than the answer's, and is asked for next time.
    const entries = await this.access.findMany(
      ctx,
      ids.map((id) => new ObjectId(id)),
    );
    const changes = await this.changes(ctx, entries, known, limit);
    const receipts = await this.receipts(ctx, [...entries.values()]);
    const behind = [...entries].filter(([id, entry]) => isBehind(entry, known[id]!)).map(([, entry]) => entry);
    const mentions = await this.mentions.in(ctx, behind);
    const found = [...changes.values()].flat();
    const seen = await this.views.all(ctx, found);
    const views = new Map(found.map(({ _id }, at) => [_id, seen[at]!]));
    const changed = [...entries].map(([id, entry]) => {
      const { page, ...state } = stateOf(entry, known[id]!, changes.get(id) ?? null, limit, mentions.get(id) ?? 0);
      const messages = page.map(({ _id }) => views.get(_id)!);
      return [id, { messages, ...state, receipts: receipts.get(id) ?? [] }] as const;
    });
    return {
      conversations: Object.fromEntries(changed),
      ...(await this.joined(ctx, ids, joined_cursor ?? null)),
      left: Object.keys(known).filter((id) => !entries.has(id)),
    };
  }

  /** What changed in the conversations that changed, one more than asked; those that there was no room for are missing. */
  private async changes(
    ctx: RequestContext,
    entries: Map<string, Entry>,
    known: Record<string, number>,
    limit: number,
  ): Promise<Map<string, Message[]>> {
    const changed = [...entries].filter(([id, entry]) => isBehind(entry, known[id]!));
    const found = new Map<string, Message[]>();
    let total = 0;
    for (let at = 0; at < changed.length && total < MAX_MESSAGES; at += READ_AT_ONCE) {
      const some = changed.slice(at, at + READ_AT_ONCE);
      const pages = await Promise.all(
        some.map(([id, { conversation, member }]) =>
          this.reader.changedAfter(ctx, conversation._id, {
            afterRev: known[id]!,
            fromSeq: visibleFrom(member, conversation),
            limit: limit + 1,
          }),
        ),
      );
      pages.forEach((page, index) => {
        found.set(some[index]![0], page);
        total += page.length;
      });
    }
    return found;
  }

  private async receipts(ctx: RequestContext, entries: Entry[]): Promise<Map<string, Receipt[]>> {
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

  /** The actor's conversations that the client does not know of, in the order in which they were joined. */
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

/** Conversations together that have no more members than one query should read. */
function inPortions(entries: Entry[]): Entry[][] {
  const portions: Entry[][] = [];
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
