import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, isTenantId, type RequestContext, type TenantId } from '#caas/kernel';
import { RedisConnections } from '#caas/platform/redis';
import { conversationKey } from '#caas/domain/conversations';

const KEY = 'caas:search:dirty';
/** What is said within this time goes to Redis as one command: a send pays for none of its own. */
const GATHER_MS = 200;

export interface SearchHint {
  tenantId: TenantId;
  conversationId: ObjectId;
  /** As Redis has it. */
  member: string;
  markedAt: number;
}

/** A hint, and no more: in which conversations messages changed. Without it the rotation finds them, only later. */
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
    // Pairs by the newer protocol, one list by the older.
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

  /** Takes the mark away, unless the conversation was marked again since it was read. */
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
    // Away: the rotation makes up for it.
    this.redis.commands.zadd(KEY, ...scored).catch(() => undefined);
  }
}
