import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { Filter, RequestContext } from '#caas/kernel';
import { ObjectStorage } from '#caas/platform/storage';
import { FileOwnersRegistry } from '../files/file-owners-registry';
import { uploadKey } from '../persistence/object-keys';
import { fileReferences, files, mediaMetadata, type FileReference, type StoredFile } from '../persistence';
import { folderOf, orphansAmong } from './object-owners';
import { OrphanObjects } from './orphan-objects';

const AT_ONCE = 500;
const MAX_LISTED = 100;

export interface MediaDrift {
  file_id: string;
  what: 'reference_count' | 'unreferenced_at' | 'file';
  stored: number | string | null;
  counted: number | string | null;
}

export interface MediaVerification {
  files: number;
  contents: number;
  references: number;
  objects: number;
  /** Counts that do not match, and references to files that do not exist; 0 is expected. */
  drift: number;
  drifts: MediaDrift[];
  /** Objects that a file or content needs but storage does not have; 0 is expected. */
  missing: number;
  missing_objects: string[];
  /** Objects left by crashes; the collector will delete them. */
  orphans: number;
  orphan_objects: string[];
  abandoned_references: number;
}

/** Compares one tenant's files, references and objects. It repairs nothing. */
@Injectable()
export class MediaVerifier {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly holders: FileOwnersRegistry,
    private readonly orphans: OrphanObjects,
  ) {}

  /** Reads in portions, while others write. */
  async verify(ctx: RequestContext): Promise<MediaVerification> {
    const found: MediaVerification = {
      ...{ files: 0, contents: 0, references: 0, objects: 0 },
      ...{ drift: 0, drifts: [], missing: 0, missing_objects: [], orphans: 0, orphan_objects: [] },
      abandoned_references: 0,
    };
    await this.verifyFiles(ctx, found);
    await this.verifyReferences(ctx, found);
    await this.verifyContents(ctx, found);
    await this.verifyObjects(ctx, found);
    return found;
  }

  private async verifyFiles(ctx: RequestContext, found: MediaVerification): Promise<void> {
    for await (const file of ctx.repository(files).stream({}, { sort: { _id: 1 } })) {
      found.files += 1;
      const drifts = await this.driftsOf(ctx, file);
      found.drift += drifts.length;
      found.drifts.push(...drifts.slice(0, MAX_LISTED - found.drifts.length));
      const isWaiting = file.status === 'uploaded' || (file.status === 'processing' && file.media_id === null);
      if (isWaiting) await this.requireObject(ctx, uploadKey(ctx.tenantId, file._id), found, file._id);
    }
  }

  private async driftsOf(ctx: RequestContext, file: StoredFile): Promise<MediaDrift[]> {
    const count = (in_: RequestContext) => in_.repository(fileReferences).count({ file_id: file._id });
    if (compare(file, await count(ctx)).length === 0) return [];
    // Compares again in one snapshot, because the first reads happened at different times.
    return ctx.transaction(async (tx) => {
      const now = await tx.repository(files).findById(file._id);
      return now ? compare(now, await count(tx)) : [];
    });
  }

  private async verifyReferences(ctx: RequestContext, found: MediaVerification): Promise<void> {
    for (let after: ObjectId | null = null; ;) {
      const bound: Filter<FileReference> = after === null ? {} : { _id: { $gt: after } };
      const some: FileReference[] = await ctx
        .repository(fileReferences)
        .find(bound, { sort: { _id: 1 }, limit: AT_ONCE });
      found.references += some.length;
      found.abandoned_references += (await this.holders.abandoned(ctx, some)).length;
      const ids = some.map(({ file_id }) => file_id);
      const there = await ctx.repository(files).find({ _id: { $in: ids } }, { fields: ['_id'], withDeleted: true });
      const known = new Set(there.map(({ _id }) => _id.toHexString()));
      for (const { _id, file_id } of some.filter(({ file_id: id }) => !known.has(id.toHexString()))) {
        // References of a deleted file are removed a moment later than the file.
        if (!(await ctx.repository(fileReferences).findById(_id))) continue;
        found.drift += 1;
        if (found.drifts.length >= MAX_LISTED) continue;
        found.drifts.push({ file_id: file_id.toHexString(), what: 'file', stored: 'referenced', counted: null });
      }
      if (some.length < AT_ONCE) return;
      after = some.at(-1)!._id;
    }
  }

  private async verifyContents(ctx: RequestContext, found: MediaVerification): Promise<void> {
    for await (const content of ctx.repository(mediaMetadata).stream({}, { sort: { _id: 1 } })) {
      found.contents += 1;
      for (const { object } of content.variants) {
        const key = `${content.object_prefix}/${object}`;
        if (await this.storage.exists(key)) continue;
        if (await ctx.repository(mediaMetadata).findById(content._id)) miss(found, key);
      }
    }
  }

  private async verifyObjects(ctx: RequestContext, found: MediaVerification): Promise<void> {
    let keys: string[] = [];
    const flush = async () => {
      const orphans = await orphansAmong(ctx, keys);
      keys = [];
      found.orphans += orphans.length;
      found.orphan_objects.push(...orphans.slice(0, MAX_LISTED - found.orphan_objects.length));
    };
    for await (const object of this.storage.list(folderOf(ctx))) {
      found.objects += 1;
      if (this.orphans.isOld(object)) keys.push(object.key);
      if (keys.length >= AT_ONCE) await flush();
    }
    await flush();
  }

  /** Reports a missing object, unless the file has changed since. */
  private async requireObject(ctx: RequestContext, key: string, found: MediaVerification, id: ObjectId): Promise<void> {
    if (await this.storage.exists(key)) return;
    const file = await ctx.repository(files).findById(id);
    if (file && file.media_id === null && (file.status === 'uploaded' || file.status === 'processing'))
      miss(found, key);
  }
}

function compare(file: StoredFile, counted: number): MediaDrift[] {
  const file_id = file._id.toHexString();
  const drifts: MediaDrift[] = [];
  if (file.reference_count !== counted) {
    drifts.push({ file_id, what: 'reference_count', stored: file.reference_count, counted });
  }
  const since = file.unreferenced_at?.toISOString() ?? null;
  const isHeld = counted > 0 || file.status === 'uploading';
  if (isHeld !== (since === null)) {
    drifts.push({ file_id, what: 'unreferenced_at', stored: since, counted: isHeld ? null : 'a time' });
  }
  return drifts;
}

function miss(found: MediaVerification, key: string): void {
  found.missing += 1;
  if (found.missing_objects.length < MAX_LISTED) found.missing_objects.push(key);
}
