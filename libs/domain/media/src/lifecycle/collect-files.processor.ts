import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { collectFiles } from '#caas/contracts';
import type { RequestContext, Tenant, TenantId } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import type { ObjectInfo } from '#caas/platform/storage';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { FileCollector } from './file-collector';
import { OrphanObjects } from './orphan-objects';

const TENANTS_AT_ONCE = 20;
/** A walk over one tenant's references and objects. It is long, so each run does a portion of it. */
interface Walk {
  ctx: RequestContext;
  reference: ObjectId | null;
  referencesDone: boolean;
  objects: AsyncIterator<ObjectInfo>;
}

/** Each run collects a portion of all tenants. Besides, and more slowly, it walks over each tenant's references and objects. */
@Handles(collectFiles)
@Injectable()
export class CollectFilesProcessor implements SystemJobHandler {
  private last: TenantId | null = null;
  private walked: TenantId | null = null;
  private walk: Walk | null = null;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly tenants: TenantDirectory,
    private readonly collector: FileCollector,
    private readonly orphans: OrphanObjects,
    private readonly log: Log,
  ) {}

  async handle(): Promise<string | null> {
    const next = await this.tenants.list(this.last, TENANTS_AT_ONCE);
    this.last = next.length < TENANTS_AT_ONCE ? null : next.at(-1)!.id;
    let gone = 0;
    for (const tenant of next) gone += await this.visit(tenant);
    const removed = await this.walkOn();
    const drafts = await this.orphans.removeDrafts();
    if (drafts > 0) this.log.root.info({ drafts }, 'objects that were never whole were removed');
    if (gone + removed + drafts === 0) return null;
    return `${gone} files and uploads, ${removed} objects of no file, ${drafts} that were never whole`;
  }

  /** A failure of one tenant must not stop the others. */
  private async visit(tenant: Tenant): Promise<number> {
    const ctx = this.open(tenant);
    try {
      const { uploads, unused, deleted } = await this.collector.collect(ctx);
      return uploads + unused + deleted;
    } catch (error) {
      this.log.of(ctx).warn({ reason: (error as Error).message }, 'files were not collected; tried again soon');
      return 0;
    }
  }

  private async walkOn(): Promise<number> {
    this.walk ??= await this.begin();
    if (!this.walk) return 0;
    const walk = this.walk;
    // A walk that fails is dropped and the next tenant's begins, so that no tenant blocks the rest.
    this.walk = null;
    if (!walk.referencesDone) {
      walk.reference = await this.collector.releaseAbandoned(walk.ctx, walk.reference);
      walk.referencesDone = walk.reference === null;
    }
    const { removed, done } = await this.orphans.sweep(walk.ctx, walk.objects);
    if (removed > 0) this.log.of(walk.ctx).info({ removed }, 'objects of no file were removed');
    if (!done || !walk.referencesDone) this.walk = walk;
    return removed;
  }

  private async begin(): Promise<Walk | null> {
    const [tenant] = await this.tenants.list(this.walked, 1);
    this.walked = tenant?.id ?? null;
    if (!tenant) return null;
    const ctx = this.open(tenant);
    return { ctx, reference: null, referencesDone: false, objects: this.orphans.walk(ctx) };
  }

  private open(tenant: Tenant): RequestContext {
    return this.contexts.open(tenant, { kind: 'system', name: collectFiles.name }, collectFiles.name);
  }
}
