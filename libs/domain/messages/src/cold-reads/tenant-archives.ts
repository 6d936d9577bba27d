import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { ArchiveVersionCache } from '#caas/domain/conversations';
import { MessageArchive } from './message-archive';

const MAX_REMEMBERED = 50_000;

interface Known {
  any: boolean;
  /** By the monotonic clock of this process. */
  askedAtMs: number;
}

/** Remembers which tenants have anything in cold storage, for as long as `ArchiveVersionCache` trusts an answer. */
@Injectable()
export class TenantArchives {
  private readonly known = new LRUCache<string, Known>({ max: MAX_REMEMBERED });

  constructor(
    private readonly cold: MessageArchive,
    private readonly numbers: ArchiveVersionCache,
  ) {}

  async hasAny(ctx: RequestContext): Promise<Known> {
    const known = this.known.get(ctx.tenantId);
    if (known && this.numbers.isYoung(known)) return known;
    const askedAtMs = performance.now();
    const answer = { any: await this.cold.hasAny(ctx), askedAtMs };
    if (!ctx.connection.inTransaction) this.known.set(ctx.tenantId, answer);
    return answer;
  }
}
