import type { RequestContext } from '#caas/kernel';
import { Batcher } from '#caas/platform/concurrency';

const LIMITS = {
  /** Keys in one query. */
  maxBatch: 200,
  queue: {
    /** Lookups of one tenant that may wait. */
    max: 5_000,
    overloaded: {
      code: 'unavailable',
      detail: 'More look-ups of this tenant are waiting than can soon be made. Try again.',
      retryAfterSeconds: 2,
    },
  },
};

interface LookUp {
  ctx: RequestContext;
  key: string;
  within: string;
}

/**
 * Looks up facts of a tenant by key. Each tenant, or each resource of a tenant, has one running query at a time. Keys that are
 * requested while it runs share the next query. So an endless list of unknown keys costs the engine one query at a time.
 */
export class TenantLookup<V> {
  private readonly batcher: Batcher<LookUp, V | undefined>;

  /**
   * @param read returns the entries found for these keys of the context's tenant, and of the resource `within` it; each key is
   *   passed once
   */
  constructor(read: (ctx: RequestContext, keys: string[], within: string) => Promise<ReadonlyMap<string, V>>) {
    this.batcher = new Batcher(async (lookUps) => {
      const { ctx, within } = lookUps[0]!;
      const found = await read(ctx, [...new Set(lookUps.map(({ key }) => key))], within);
      return lookUps.map(({ key }) => found.get(key));
    }, LIMITS);
  }

  /**
   * @param ctx not of a transaction, since other callers share what is read with it
   * @param within the id of a resource of the tenant whose keys share queries; by default all keys of the tenant do
   * @throws CaasError `unavailable` (503) when too many wait, and what `read` throws
   */
  find(ctx: RequestContext, key: string, within = ''): Promise<V | undefined> {
    return this.batcher.run(`${ctx.tenantId}/${within}`, { ctx, key, within });
  }
}
