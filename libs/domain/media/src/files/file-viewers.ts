import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { FileReference, HolderKind } from '../persistence';

/** Whether the actor may see a holder of the file. One per kind of holder, provided by the domain that owns the holders. */
export type FileViewer = (ctx: RequestContext, references: FileReference[]) => Promise<boolean>;

/** Decides who may see another user's file. Each domain registers its kind of holder at startup. */
@Injectable()
export class FileViewers {
  private readonly byKind = new Map<HolderKind, FileViewer>();

  /** @throws Error when the kind already has a viewer */
  register(kind: HolderKind, viewer: FileViewer): void {
    if (this.byKind.has(kind)) throw new Error(`${kind} has a viewer already`);
    this.byKind.set(kind, viewer);
  }

  /** True when the actor may see any holder of the file. */
  async anyOf(ctx: RequestContext, references: FileReference[]): Promise<boolean> {
    for (const [kind, of] of Map.groupBy(references, (reference) => reference.holder_kind)) {
      if (await this.byKind.get(kind)?.(ctx, of)) return true;
    }
    return false;
  }
}
