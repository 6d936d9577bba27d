import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { ObjectStorage, type ObjectInfo } from '#caas/platform/storage';
import { fileLifecycleConfig } from './lifecycle.config';
import { folderOf, orphansAmong } from './object-owners';

const OBJECTS_AT_ONCE = 500;

/** Deletes a tenant's objects that belong to no file; crashes leave them. */
@Injectable()
export class OrphanObjects {
  constructor(
    private readonly storage: ObjectStorage,
    @InjectConfig(fileLifecycleConfig) private readonly config: ConfigOf<typeof fileLifecycleConfig>,
  ) {}

  /** A walk over all the tenant's objects, for `sweep`. */
  walk(ctx: RequestContext): AsyncIterator<ObjectInfo> {
    return this.storage.list(folderOf(ctx))[Symbol.asyncIterator]();
  }

  /** Processes one portion of the walk. @returns how many objects were removed, and whether the walk is complete */
  async sweep(ctx: RequestContext, walk: AsyncIterator<ObjectInfo>): Promise<{ removed: number; done: boolean }> {
    const keys: string[] = [];
    let done = false;
    for (let seen = 0; seen < OBJECTS_AT_ONCE && !done; seen += 1) {
      const next = await walk.next();
      done = next.done === true;
      if (!next.done && this.isOld(next.value)) keys.push(next.value.key);
    }
    const orphans = await orphansAmong(ctx, keys);
    for (const key of orphans) await this.storage.delete(key);
    return { removed: orphans.length, done };
  }

  /** Deletes unfinished objects, of all tenants, whose process was killed. */
  removeDrafts(): Promise<number> {
    return this.storage.removeDrafts(new Date(Date.now() - this.config.FILES_ORPHANED_FOR));
  }

  /** A recent object may belong to a file whose row is still being written. */
  isOld({ modifiedAt }: ObjectInfo): boolean {
    return modifiedAt.getTime() <= Date.now() - this.config.FILES_ORPHANED_FOR;
  }
}
