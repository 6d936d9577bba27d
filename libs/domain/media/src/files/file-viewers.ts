import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#caas/kernel';
import type { FileReference, HolderKind } from '../persistence';

/** May the asker see what holds the file? One per kind of holder, given by the domain that has the holders. */
export type FileViewer = (ctx: RequestContext, references: FileReference[]) => Promise<boolean>;

/** Who may see a file that is not theirs: each domain registers its kind of holder when it starts. */
@Injectable()
export class FileViewers {
  private readonly byKind = new Map<HolderKind, FileViewer>();

  /** @throws Error when the kind has one already */
  register(kind: HolderKind, viewer: FileViewer): void {
    if (this.byKind.has(kind)) throw new Error(`${kind} has a viewer already`);
    this.byKind.set(kind, viewer);
  }

  /** True when any holder of the file may be seen. */
  async anyOf(ctx: RequestContext, references: FileReference[]): Promise<boolean> {
    for (const [kind, of] of Map.groupBy(references, (reference) => reference.holder_kind)) {
      if (await this.byKind.get(kind)?.(ctx, of)) return true;
    }
    return false;
  }
}
