import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { conversationKey } from '../conversations/conversation-key';
import type { Conversation } from '../persistence/conversation.schema';

const MAX_REMEMBERED = 20_000;
const DISTRUST_MS = 60_000;

/** What a send must know of a conversation to number its message. */
export type Counters = Pick<
  Conversation,
  '_id' | 'type' | 'created_by_id' | 'last_seq' | 'rev' | 'sent_seqs' | 'archive_version'
>;

/**
 * The counters as this process last wrote them, which saves reading them again. Nobody relies on them: whoever writes says
 * which `rev` they expect, and learns when it is another. A conversation that turned out to be written elsewhere too is read
 * for a while before it is believed again.
 */
@Injectable()
export class CounterMemory {
  private readonly known = new LRUCache<string, Counters>({ max: MAX_REMEMBERED });
  private readonly distrusted = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: DISTRUST_MS });

  /** Null unless all of them are remembered. */
  recall(ctx: RequestContext, ids: ObjectId[]): Counters[] | null {
    const found = ids.flatMap((id) => this.known.get(conversationKey(ctx, id)) ?? []);
    return found.length === ids.length ? found : null;
  }

  keep(ctx: RequestContext, counters: Counters): void {
    const key = conversationKey(ctx, counters._id);
    if (!this.distrusted.has(key)) this.known.set(key, counters);
  }

  forget(ctx: RequestContext, ids: ObjectId[]): void {
    for (const id of ids) this.known.delete(conversationKey(ctx, id));
  }

  /** This process changed the conversation otherwise than by a send. */
  moved(ctx: RequestContext, id: ObjectId, from: number, to: number): void {
    const key = conversationKey(ctx, id);
    const known = this.known.peek(key);
    if (known?.rev === from) this.known.set(key, { ...known, rev: to });
    else this.known.delete(key);
  }

  /** Of what was remembered, that which is otherwise in the database is not remembered again soon. */
  compare(ctx: RequestContext, remembered: Counters[], found: Counters[]): void {
    const revs = new Map(found.map(({ _id, rev }) => [_id.toHexString(), rev]));
    for (const { _id, rev } of remembered) {
      if (revs.get(_id.toHexString()) === rev) continue;
      this.distrusted.set(conversationKey(ctx, _id), true);
      this.known.delete(conversationKey(ctx, _id));
    }
  }
}
