import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { AttachmentSnapshots, FileReferences, type Attachment, type Holder } from '#caas/domain/media';

/** A stored message, a message about to be stored, or a scheduled message under its own id. */
export interface Attaching {
  _id: ObjectId;
  conversation_id: ObjectId;
}

export interface FilesToAttach {
  ids: ObjectId[];
  /** Whether the sender must own the files. False where something that the sender may use holds them already. */
  own: boolean;
}

/** The files that messages hold: claimed before the message is sent, released when it becomes a tombstone. */
@Injectable()
export class MessageAttachments {
  constructor(
    private readonly references: FileReferences,
    private readonly snapshots: AttachmentSnapshots,
  ) {}

  /** Inside a transaction. @throws CaasError `invalid_file` (400) */
  async claim(tx: RequestContext, message: Attaching, { ids, own }: FilesToAttach): Promise<Attachment[]> {
    const field = (at: number) => `attachments.${at}.file_id`;
    return this.snapshots.of(tx, await this.references.claim(tx, holderOf(message), ids, { own, field }));
  }

  /**
   * Like `claim`, in a transaction of its own. Call `giveUp` if the message is not stored after all.
   * @throws CaasError `invalid_file` (400)
   */
  claimNow(ctx: RequestContext, message: Attaching, files: FilesToAttach): Promise<Attachment[]> {
    return ctx.transaction((tx) => this.claim(tx, message, files));
  }

  /** Inside a transaction: releases the files of these ids, or all of them. */
  async release(tx: RequestContext, message: Attaching, ids?: ObjectId[]): Promise<void> {
    await this.references.release(tx, holderOf(message), ids);
  }

  /** Inside a transaction: claims the added files and releases the removed ones. @throws CaasError `invalid_file` (400) */
  async replace(tx: RequestContext, message: Attaching, before: ObjectId[], wanted: ObjectId[]): Promise<Attachment[]> {
    const attachments = await this.claim(tx, message, { ids: wanted, own: true });
    const gone = before.filter((id) => !wanted.some((other) => other.equals(id)));
    if (gone.length > 0) await this.release(tx, message, gone);
    return attachments;
  }

  /** For a message that will not be stored. It never fails: the collector finds the files that it could not release. */
  async giveUp(ctx: RequestContext, message: Attaching): Promise<void> {
    await ctx.transaction((tx) => this.release(tx, message)).catch(() => undefined);
  }
}

const holderOf = ({ _id, conversation_id }: Attaching): Holder => ({
  kind: 'message',
  id: _id,
  conversationId: conversation_id,
});
