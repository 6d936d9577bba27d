import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { FileReference, HolderKind } from '../persistence/file-reference.schema';

/** Those among the ids that exist, or may still come. Soft-deleted holders that may come back exist. */
export type HolderExistence = (ctx: RequestContext, ids: ObjectId[]) => Promise<ObjectId[]>;

/**
 * Whether what holds a file is there at all: a message claims its files before it is sent, and a crash in between leaves the
 * claim. Each domain registers its kind of holder when it starts.
 */
@Injectable()
export class FileOwnersRegistry {
  private readonly byKind = new Map<HolderKind, HolderExistence[]>();

  /** A kind may have several: its holders are then of several domains, as messages and scheduled messages are. */
  register(kind: HolderKind, existence: HolderExistence): void {
    this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), existence]);
  }

  /** Those of the kind that exist, or may still come, as hexadecimal ids. */
  async existing(ctx: RequestContext, kind: HolderKind, ids: ObjectId[]): Promise<Set<string>> {
    const all = await Promise.all((this.byKind.get(kind) ?? []).map((existence) => existence(ctx, ids)));
    return new Set(all.flat().map((id) => id.toHexString()));
  }

  /** Those whose holder does not exist. Nobody says so of a kind that is not registered. */
  async abandoned(ctx: RequestContext, references: FileReference[]): Promise<FileReference[]> {
    const abandoned: FileReference[] = [];
    for (const [kind, of] of Map.groupBy(references, ({ holder_kind }) => holder_kind)) {
      if (!this.byKind.has(kind)) continue;
      const ids = of.map(({ holder_id }) => holder_id);
      const known = await this.existing(ctx, kind, ids);
      abandoned.push(...of.filter(({ holder_id }) => !known.has(holder_id.toHexString())));
    }
    return abandoned;
  }
}
