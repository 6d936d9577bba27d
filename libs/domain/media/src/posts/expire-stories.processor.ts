import { Injectable } from '@nestjs/common';
import { expireStories } from '#caas/contracts';
import type { TenantId } from '#caas/kernel';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { PostsPurger } from './posts-purger';

const TENANTS_AT_ONCE = 50;
const POSTS_AT_ONCE = 100;

/** Nobody sees what has expired; this only tidies up. Some tenants each time, in a rotation over all. */
@Injectable()
@Handles(expireStories)
export class ExpireStoriesProcessor implements SystemJobHandler {
  private last: TenantId | null = null;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly tenants: TenantDirectory,
    private readonly purger: PostsPurger,
  ) {}

  /** @throws Error the first of what went wrong, when all had their turn: what is due is found again the next time */
  async handle(): Promise<string | null> {
    const tenants = await this.tenants.list(this.last, TENANTS_AT_ONCE);
    this.last = tenants.length < TENANTS_AT_ONCE ? null : tenants.at(-1)!.id;
    const failures: unknown[] = [];
    let purged = 0;
    for (const tenant of tenants) {
      const ctx = this.contexts.open(tenant, { kind: 'system', name: expireStories.name }, expireStories.name);
      try {
        purged += await this.purger.purge(ctx, POSTS_AT_ONCE);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
    return purged === 0 ? null : `${purged} posts were purged`;
  }
}
