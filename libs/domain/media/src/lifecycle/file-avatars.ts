import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { Avatars } from '#caas/domain/users';
import { FileReferences, invalidFile, type Holder } from '../files/file-references';
import { files, mediaMetadata } from '../persistence';

/** Implements avatars as files. The user must own the file. Only the tenant's server may set a file that it uploaded without an owner. */
@Injectable()
export class FileAvatars extends Avatars {
  constructor(private readonly references: FileReferences) {
    super();
  }

  override async change(
    tx: RequestContext,
    userId: ObjectId,
    before: ObjectId | null,
    after: ObjectId | null,
  ): Promise<void> {
    const holder: Holder = { kind: 'avatar', id: userId };
    if (after) {
      await this.requirePicture(tx, userId, after);
      await this.references.claim(tx, holder, [after], { field: () => FIELD });
    }
    if (before) await this.references.release(tx, holder, [before]);
  }

  private async requirePicture(tx: RequestContext, userId: ObjectId, id: ObjectId): Promise<void> {
    const file = await tx.repository(files).findOne({ _id: id, status: 'ready' });
    const isUsable = file && (file.owner ? file.owner.user_id.equals(userId) : isServerOrSystem(tx));
    const content = isUsable && file.media_id && (await tx.repository(mediaMetadata).findById(file.media_id));
    if (!content || content.kind !== 'image') throw invalidFile(id, FIELD);
  }
}

const FIELD = 'avatar_file_id';
const isServerOrSystem = (ctx: RequestContext): boolean => ctx.isServer || ctx.actor.kind === 'system';
