import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { FileReference, HolderKind } from '../persistence/file-reference.schema';

/** Returns the ids that exist or may still be created. A soft-deleted holder that may be restored counts as existing. */
export type HolderExistence = (ctx: RequestContext, ids: ObjectId[]) => Promise<ObjectId[]>;

/**
 * Checks that the holders of files exist. A message claims its files before it is sent, so a crash in between leaves a claim without a
 * message. Each domain registers its kind of holder at startup.
 */
@Injectable()
export class FileOwnersRegistry {
  private readonly byKind = new Map<HolderKind, HolderExistence[]>();

  /** A kind may have several checks, because several domains may own its holders, such as messages and scheduled messages. */
  register(kind: HolderKind, existence: HolderExistence): void {
    this.byKind.set(kind, [...(this.byKind.get(kind) ?? []), existence]);
  }

  /** Hexadecimal ids of the holders of the kind that exist or may still be created. */
  async existing(ctx: RequestContext, kind: HolderKind, ids: ObjectId[]): Promise<Set<string>> {
    const all = await Promise.all((this.byKind.get(kind) ?? []).map((existence) => existence(ctx, ids)));
    return new Set(all.flat().map((id) => id.toHexString()));
  }

  /** References whose holder does not exist. Kinds without a registered check are skipped. */
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
