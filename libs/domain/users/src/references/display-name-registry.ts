import { Injectable } from '@nestjs/common';
import type { TenantCollection, TenantDocument } from '#caas/kernel';

/** A field with one user reference or a list of them. Its collection needs an index on `tenant_id, <path>.user_id, _id`. */
export interface ReferencePath {
  path: string;
  /** True for a list of references. */
  list?: boolean;
  /** The condition of the path's index if it is partial: without it, the engine cannot use the index. */
  among?: Record<string, unknown>;
}

export interface ReferenceHolder {
  collection: TenantCollection<TenantDocument>;
  paths: readonly ReferencePath[];
}

/**
 * The fields that hold copies of display names. Each domain registers its own at startup, in every process that runs jobs; a field that
 * is not registered becomes stale at the next rename.
 */
@Injectable()
export class DisplayNameRegistry {
  private readonly byCollection = new Map<string, ReferenceHolder>();

  /** @throws Error when a collection is registered twice, or without a path */
  register<D extends TenantDocument>(collection: TenantCollection<D>, paths: readonly ReferencePath[]): void {
    if (paths.length === 0) throw new Error(`${collection.name} holds no references`);
    if (this.byCollection.has(collection.name)) throw new Error(`${collection.name} is registered already`);
    this.byCollection.set(collection.name, { collection: collection as never, paths });
  }

  all(): ReferenceHolder[] {
    return [...this.byCollection.values()];
  }
}
