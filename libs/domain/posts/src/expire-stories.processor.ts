import { Injectable } from '@nestjs/common';
import { expireStories } from '#caas/contracts';
import { Handles, type SystemJobHandler } from '#caas/platform/queue';
import { RequestContexts, TenantDirectory, TenantRotation } from '#caas/tenancy';
import { PostsPurger } from './posts-purger';

const TENANTS_AT_ONCE = 50;
const POSTS_AT_ONCE = 100;

/** Purges expired posts, which readers already cannot see. Each run handles some tenants, in a rotation over all. */
@Injectable()
@Handles(expireStories)
export class ExpireStoriesProcessor implements SystemJobHandler {
  private readonly rotation: TenantRotation;

  constructor(
    contexts: RequestContexts,
    directory: TenantDirectory,
    private readonly purger: PostsPurger,
  ) {
    this.rotation = new TenantRotation(contexts, directory, { job: expireStories.name, tenants: TENANTS_AT_ONCE });
  }

  /** @throws Error the first failure, after every tenant had its turn: the next run finds the same posts again */
  async handle(): Promise<string | null> {
    let purged = 0;
    await this.rotation.next(async (ctx) => {
      purged += await this.purger.purge(ctx, POSTS_AT_ONCE);
      return null;
    });
    return purged === 0 ? null : `${purged} posts were purged`;
  }
}
