import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, isTenantId, type RequestContext, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';
import { conversationKey } from '#caas/domain/conversations';

const KEY = 'caas:search:dirty';
/** Marks of this time go to Redis in one command, so that a send does not pay for a command of its own. */
const GATHER_MS = 200;

export interface SearchHint {
  tenantId: TenantId;
  conversationId: ObjectId;
  /** The member of the sorted set in Redis. */
  member: string;
  markedAt: number;
}

/** The conversations with messages to index. It is only a hint: without it the rotation finds them, but later. */
@Injectable()
export class SearchDirtySet implements OnApplicationShutdown {
  private readonly gathered = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly redis: RedisConnections) {}

  mark(ctx: RequestContext, conversationId: ObjectId): void {
    this.gathered.set(conversationKey(ctx, conversationId), Date.now());
    this.timer ??= setTimeout(() => this.flush(), GATHER_MS).unref();
  }

  /** Oldest first. */
  async list(limit: number): Promise<SearchHint[]> {
    const answer = await this.redis.commands.call('ZRANGE', KEY, 0, limit - 1, 'WITHSCORES');
    // RESP3 answers with pairs, RESP2 with one flat list.
    const flat = (answer as (string | string[])[]).flat();
    const hints: SearchHint[] = [];
    for (let at = 0; at + 1 < flat.length; at += 2) {
      const member = flat[at]!;
      const [tenantId, id] = member.split(':');
      if (!isTenantId(tenantId) || !isObjectIdHex(id)) continue;
      hints.push({ tenantId, conversationId: new ObjectId(id), member, markedAt: Number(flat[at + 1]) });
    }
    return hints;
  }

  /** Removes the mark, unless the conversation was marked again since it was read. */
  async clear({ member, markedAt }: SearchHint): Promise<void> {
    const current = await this.redis.commands.zscore(KEY, member);
    if (current !== null && Number(current) <= markedAt) await this.redis.commands.zrem(KEY, member);
  }

  onApplicationShutdown(): void {
    if (this.timer) clearTimeout(this.timer);
  }

  private flush(): void {
    this.timer = null;
    const scored = [...this.gathered].flatMap(([member, at]) => [at, member]);
    this.gathered.clear();
    // Redis is away. The rotation makes up for the lost hints.
    this.redis.commands.zadd(KEY, ...scored).catch(() => undefined);
  }
}
