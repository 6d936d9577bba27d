import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { invalid, type Filter, type RequestContext } from '#caas/kernel';
import { fileReferences, files, type FileReference, type HolderKind, type StoredFile } from '../persistence';

/** The document that uses a file. */
export interface Holder {
  kind: HolderKind;
  id: ObjectId;
  /** The conversation in which the holder is visible, if any. */
  conversationId?: ObjectId;
}

export interface Claim {
  /** Allows only files of the actor. The tenant's server, also when acting as a user, may additionally use its own uploads. */
  own?: boolean;
  /** The request's field name for the file at this position of the list. */
  field?: (at: number) => string;
}

const UNUSABLE = ['uploading', 'rejected', 'failed'];

/**
 * Records which holder uses which file. Call `claim` and `release` inside a transaction; they conflict with the collector's, so only
 * one of the two commits.
 */
@Injectable()
export class FileReferences {
  /**
   * Records that the holder uses the files, and returns them in the requested order. Claiming a file again is no error.
   * @throws CaasError `invalid_file` (400) for a file that does not exist, is incomplete, or was rejected
   */
  async claim(
    ctx: RequestContext,
    holder: Holder,
    fileIds: readonly ObjectId[],
    { own = false, field = () => 'file_id' }: Claim = {},
  ): Promise<StoredFile[]> {
    if (fileIds.length === 0) return [];
    const held = await ctx.repository(fileReferences).find({ holder_id: holder.id, holder_kind: holder.kind });
    const among = own ? usableBy(ctx) : {};
    const claimed: StoredFile[] = [];
    for (const [at, id] of fileIds.entries()) {
      const isHeld = held.some(({ file_id }) => file_id.equals(id));
      const file = isHeld ? await ctx.repository(files).findById(id) : await this.hold(ctx, holder, id, among);
      if (!file) throw invalidFile(id, field(at));
      claimed.push(file);
    }
    return claimed;
  }

  /** Releases the given files, or all files that the holder uses. */
  async release(ctx: RequestContext, holder: Holder, fileIds?: readonly ObjectId[]): Promise<void> {
    const ofHolder = { holder_id: holder.id, holder_kind: holder.kind };
    const filter = fileIds ? { ...ofHolder, file_id: { $in: fileIds } } : ofHolder;
    for (const reference of await ctx.repository(fileReferences).find(filter)) {
      if ((await ctx.repository(fileReferences).deleteOne({ _id: reference._id })) === 0) continue;
      const file = await ctx
        .repository(files)
        .findOneAndUpdate({ _id: reference.file_id }, { $inc: { reference_count: -1 } }, { returning: 'after' });
      if (file?.reference_count !== 0) continue;
      const now = new Date();
      await ctx.repository(files).updateOne({ _id: file._id }, { $set: { unreferenced_at: now } });
    }
  }

  /** Releases each reference in its own transaction, so that a crash does not affect the others. */
  async releaseAll(ctx: RequestContext, references: FileReference[]): Promise<void> {
    for (const { holder_kind: kind, holder_id: id, file_id } of references) {
      await ctx.transaction((tx) => this.release(tx, { kind, id }, [file_id]));
    }
  }

  /** The references of holders of one kind. */
  heldBy(ctx: RequestContext, holder_kind: HolderKind, holderIds: readonly ObjectId[]): Promise<FileReference[]> {
    return ctx.repository(fileReferences).find({ holder_id: { $in: holderIds }, holder_kind });
  }

  /** The references of one kind to the file, in the order of holders. */
  holdersOf(
    ctx: RequestContext,
    file_id: ObjectId,
    holder_kind: HolderKind,
    after: ObjectId | null,
    limit: number,
  ): Promise<FileReference[]> {
    const bound = after === null ? {} : { holder_id: { $gt: after } };
    return ctx.repository(fileReferences).find({ file_id, holder_kind, ...bound }, { sort: { holder_id: 1 }, limit });
  }

  private async hold(
    ctx: RequestContext,
    holder: Holder,
    id: ObjectId,
    among: Filter<StoredFile>,
  ): Promise<StoredFile | null> {
    const file = await ctx
      .repository(files)
      .findOneAndUpdate(
        { ...among, _id: id, status: { $nin: UNUSABLE } },
        { $inc: { reference_count: 1 }, $set: { unreferenced_at: null } },
        { returning: 'after' },
      );
    if (!file) return null;
    await ctx.repository(fileReferences).insertOne({
      file_id: id,
      holder_kind: holder.kind,
      holder_id: holder.id,
      conversation_id: holder.conversationId ?? null,
    });
    return file;
  }
}

/** Selects the files that the actor may use. */
function usableBy(ctx: RequestContext): Filter<StoredFile> {
  const own = { 'owner.user_id': ctx.user.user_id };
  return ctx.isServer ? { $or: [own, { owner: null }] } : own;
}

export const invalidFile = (id: ObjectId, field: string) =>
  invalid(
    'invalid_file',
    `The file ${id.toHexString()} is not there, not whole, was rejected, or is not yours to use.`,
    [{ field, message: 'must be a file of yours that is whole and was not rejected' }],
  );
