import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { indexMessages } from '#caas/contracts';
import type { RequestContext, Tenant, TenantId } from '#caas/kernel';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { SearchHints } from './search-hints';
import { SearchIndexer } from './search-indexer';

const HINTS_AT_ONCE = 500;
const TENANTS_AT_ONCE = 5;
const LONGEST_RUN_MS = 10_000;

/** Follows hints first; then a portion of a slow rotation over all conversations, for hints that were lost. */
@Handles(indexMessages)
@Injectable()
export class IndexMessagesProcessor implements SystemJobHandler {
  private tenant: TenantId | null = null;
  private conversation: ObjectId | null = null;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly hints: SearchHints,
    private readonly indexer: SearchIndexer,
  ) {}

  async handle(): Promise<string | null> {
    const until = Date.now() + LONGEST_RUN_MS;
    const hints = await this.hints.list(HINTS_AT_ONCE);
    for (const hint of hints) {
      if (Date.now() > until) break;
      const tenant = await this.directory.find(hint.tenantId);
      if (!tenant || (await this.indexer.index(this.open(tenant), hint.conversationId))) await this.hints.clear(hint);
    }
    await this.rotate();
    return hints.length === 0 ? null : `${hints.length} conversations had new words`;
  }

  private async rotate(): Promise<void> {
    const tenants = await this.directory.list(this.tenant, TENANTS_AT_ONCE);
    if (tenants.length === 0) this.tenant = null;
    for (const tenant of tenants) {
      this.conversation = await this.indexer.indexBehind(this.open(tenant), this.conversation);
      // More of the same tenant: next time.
      if (this.conversation !== null) return;
      this.tenant = tenant.id;
    }
  }

  private open(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: indexMessages.name }, indexMessages.name);
  }
}
