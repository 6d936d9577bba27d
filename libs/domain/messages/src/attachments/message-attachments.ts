import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { AttachmentSnapshots, FileReferences, type Attachment, type Holder } from '#caas/domain/media';

/** A message, or one that is to be: also a scheduled one, under its own id. */
export interface Attaching {
  _id: ObjectId;
  conversation_id: ObjectId;
}

export interface FilesToAttach {
  ids: ObjectId[];
  /** The sender must own them; not so where something the sender may use holds them already. */
  own: boolean;
}

/** What messages hold of files: claimed before they are sent, released with their tombstones. */
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

  /** The same in a transaction of its own: give up what comes to nothing. @throws CaasError `invalid_file` (400) */
  claimNow(ctx: RequestContext, message: Attaching, files: FilesToAttach): Promise<Attachment[]> {
    return ctx.transaction((tx) => this.claim(tx, message, files));
  }

  /** Inside a transaction: the files named, or all. */
  async release(tx: RequestContext, message: Attaching, ids?: ObjectId[]): Promise<void> {
    await this.references.release(tx, holderOf(message), ids);
  }

  /** Inside a transaction: claims what comes, releases what goes. @throws CaasError `invalid_file` (400) */
  async replace(tx: RequestContext, message: Attaching, before: ObjectId[], wanted: ObjectId[]): Promise<Attachment[]> {
    const attachments = await this.claim(tx, message, { ids: wanted, own: true });
    const gone = before.filter((id) => !wanted.some((other) => other.equals(id)));
    if (gone.length > 0) await this.release(tx, message, gone);
    return attachments;
  }

  /** For a message that will never be. Never fails: what it cannot release, the collector finds. */
  async giveUp(ctx: RequestContext, message: Attaching): Promise<void> {
    await ctx.transaction((tx) => this.release(tx, message)).catch(() => undefined);
  }
}

const holderOf = ({ _id, conversation_id }: Attaching): Holder => ({
  kind: 'message',
  id: _id,
  conversationId: conversation_id,
});
