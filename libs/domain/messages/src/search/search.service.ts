import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { cutPage, invalid, type Filter, type Page, type PageRequest, type RequestContext } from '#caas/kernel';
import { Settings } from '#caas/domain/settings';
import { ConversationAccess } from '#caas/domain/conversations';
import { ownConversationIds } from '#caas/domain/conversations';
import { messages, type Message } from '../store/message.schema';
import { searchEntries, type SearchEntry } from '../store/search-entry.schema';
import { searchableText } from '../search-index/search-indexer';
import { searchSettings } from './search.settings';
import { searchWindows, type SearchWindow } from '../search-index/search-windows';
import { termsOf } from '../search-index/terms';

/** After this many queries a page ends, however few messages it holds. Its cursor goes on from there. */
const MAX_LOOKS = 20;

/** Finds messages by their words, in the conversations that the actor is in. */
@Injectable()
export class SearchService {
  constructor(
    private readonly access: ConversationAccess,
    private readonly settings: Settings,
  ) {}

  /**
   * Messages that contain every word of `q`, newest first when paged backward. The cursor is a message's id. A page may be short,
   * or even empty, although more follow: that bounds the work of one call.
   * @throws CaasError `feature_disabled` (403), `invalid_query` (400) when there is no word in `q`, `conversation_not_found` (404)
   */
  async search(
    ctx: RequestContext,
    q: string,
    conversationId: ObjectId | null,
    request: PageRequest,
  ): Promise<Page<Message>> {
    await this.settings.requireOn(ctx, searchSettings, 'enabled');
    const terms = termsOf(q);
    if (terms.length === 0) {
      throw invalid('invalid_query', 'There is no word to look for.', [{ field: 'q', message: 'must have a word' }]);
    }
    const matching: Filter<SearchEntry> = { terms: { $all: terms }, ...(await this.where(ctx, conversationId)) };
    const found: Message[] = [];
    let looks = 0;
    for (const window of searchWindows(request, await this.oldest(ctx, matching, request))) {
      let at: SearchWindow | null = window;
      while (at !== null) {
        const entries = await this.look(ctx, matching, at, request);
        found.push(...(await this.confirm(ctx, entries, terms)));
        if (found.length > request.limit) return cutPage(found, request, ({ _id }) => _id.toHexString());
        const last = entries.length > request.limit ? entries.at(-1)!._id : null;
        looks += 1;
        if (last && looks >= MAX_LOOKS) return unfinished(found, request, last);
        at = last && (request.direction === 'backward' ? { ...at, below: last } : { ...at, above: last });
      }
    }
    return cutPage(found, request, ({ _id }) => _id.toHexString());
  }

  private async where(ctx: RequestContext, conversationId: ObjectId | null): Promise<Filter<SearchEntry>> {
    if (conversationId) {
      await this.access.requireMember(ctx, conversationId);
      return { conversation_id: conversationId };
    }
    return { conversation_id: { $in: await ownConversationIds(ctx) } };
  }

  /** Where a forward page without a cursor begins. */
  private async oldest(
    ctx: RequestContext,
    matching: Filter<SearchEntry>,
    { cursor, direction }: PageRequest,
  ): Promise<ObjectId | null> {
    if (direction === 'backward' || cursor !== null) return null;
    const first = await ctx.repository(searchEntries).findOne(matching, { sort: { _id: 1 }, fields: ['_id'] });
    return first?._id ?? null;
  }

  private look(
    ctx: RequestContext,
    matching: Filter<SearchEntry>,
    { above, below }: SearchWindow,
    { limit, direction }: PageRequest,
  ): Promise<SearchEntry[]> {
    const _id = { ...(above ? { $gt: above } : {}), ...(below ? { $lt: below } : {}) };
    return ctx
      .repository(searchEntries)
      .find(
        { ...matching, _id },
        { sort: { _id: direction === 'backward' ? -1 : 1 }, limit: limit + 1, fields: ['_id'] },
      );
  }

  /** The current messages: a search entry may lag behind its message. */
  private async confirm(ctx: RequestContext, entries: SearchEntry[], terms: string[]): Promise<Message[]> {
    if (entries.length === 0) return [];
    const found = await ctx.repository(messages).find({ _id: { $in: entries.map(({ _id }) => _id) } });
    const byId = new Map(found.map((message) => [message._id.toHexString(), message]));
    const saying = entries.flatMap(({ _id }) => {
      const message = byId.get(_id.toHexString());
      return message && says(message, terms) ? [message] : [];
    });
    return this.access.readableAmong(ctx, saying);
  }
}

function says(message: Message, terms: string[]): boolean {
  const own = new Set(termsOf(searchableText(message)));
  return terms.every((term) => own.has(term));
}

const unfinished = (data: Message[], { limit, direction }: PageRequest, last: ObjectId): Page<Message> => ({
  data,
  page: { next_cursor: last.toHexString(), has_more: true, limit, direction },
});
