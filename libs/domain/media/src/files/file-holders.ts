import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { FileReference, HolderKind } from '../persistence';

/** Those among the ids that exist, or may still come. Soft-deleted holders that may come back exist. */
export type HolderExistence = (ctx: RequestContext, ids: ObjectId[]) => Promise<ObjectId[]>;

/**
 * Whether what holds a file is there at all: a message claims its files before it is sent, and a crash in between leaves the
 * claim. Each domain registers its kind of holder when it starts.
 */
@Injectable()
export class FileHolders {
  private readonly byKind = new Map<HolderKind, HolderExistence>();

  /** @throws Error when the kind has one already */
  register(kind: HolderKind, existence: HolderExistence): void {
    if (this.byKind.has(kind)) throw new Error(`${kind} is registered already`);
    this.byKind.set(kind, existence);
  }

  /** Those whose holder does not exist. Nobody says so of a kind that is not registered. */
  async abandoned(ctx: RequestContext, references: FileReference[]): Promise<FileReference[]> {
    const abandoned: FileReference[] = [];
    for (const [kind, of] of Map.groupBy(references, ({ holder_kind }) => holder_kind)) {
      const existence = this.byKind.get(kind);
      if (!existence) continue;
      const existing = await existence(
        ctx,
        of.map(({ holder_id }) => holder_id),
      );
      const known = new Set(existing.map((id) => id.toHexString()));
      abandoned.push(...of.filter(({ holder_id }) => !known.has(holder_id.toHexString())));
    }
    return abandoned;
  }
}
