import { Injectable } from '@nestjs/common';
import { indexMessages } from '#caas/contracts';
import type { RequestContext, Tenant } from '#caas/kernel';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory, TenantRotation } from '#caas/tenancy';
import { SearchDirtySet } from './search-dirty-set';
import { SearchIndexer } from './search-indexer';

const HINTS_AT_ONCE = 500;
const TENANTS_AT_ONCE = 10;
const ROTATE_EVERY_MS = 5_000;
const LONGEST_RUN_MS = 10_000;

/**
 * Indexes the hinted conversations first. Then it checks a portion of a slow rotation over all conversations, because hints may be
 * lost.
 */
@Handles(indexMessages)
@Injectable()
export class IndexMessagesProcessor implements SystemJobHandler {
  private readonly rotation: TenantRotation;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly hints: SearchDirtySet,
    private readonly indexer: SearchIndexer,
  ) {
    const portion = { tenants: TENANTS_AT_ONCE, everyMs: ROTATE_EVERY_MS };
    this.rotation = new TenantRotation(contexts, directory, { job: indexMessages.name, ...portion });
  }

  async handle(): Promise<string | null> {
    const until = Date.now() + LONGEST_RUN_MS;
    const hints = await this.hints.list(HINTS_AT_ONCE);
    for (const hint of hints) {
      if (Date.now() > until) break;
      const tenant = await this.directory.find(hint.tenantId);
      if (!tenant || (await this.indexer.index(this.open(tenant), hint.conversationId))) await this.hints.clear(hint);
    }
    await this.rotation.next((ctx, after) => this.indexer.indexBehind(ctx, after));
    return hints.length === 0 ? null : `${hints.length} conversations had new words`;
  }

  private open(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: indexMessages.name }, indexMessages.name);
  }
}
