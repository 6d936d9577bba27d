import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { FileReferences } from '#caas/domain/media';
import { messages, type Message } from '../store/message.schema';
import { messageVersions } from '../store/message-version.schema';

const ROWS_AT_ONCE = 500;

/** The content of deleted messages that legal holds keep. For operators: it checks no permission. */
@Injectable()
export class KeptContents {
  constructor(private readonly references: FileReferences) {}

  /**
   * Erases kept content that no hold covers any more, with its files. Safe to run again after an interruption.
   * @returns the number of messages whose content was erased
   */
  async release(ctx: RequestContext, isHeld: (message: Message) => boolean): Promise<number> {
    const versions = ctx.repository(messageVersions);
    let released = 0;
    for (let after: ObjectId | null = null; ;) {
      const beyond = after === null ? {} : { _id: { $gt: after } };
      const some = await versions.find({ kept: true, ...beyond }, { sort: { _id: 1 }, limit: ROWS_AT_ONCE });
      const ids = [...new Map(some.map(({ message_id }) => [message_id.toHexString(), message_id])).values()];
      const found = await ctx.repository(messages).find({ _id: { $in: ids } }, { withDeleted: true });
      for (const message of found.filter((each) => !isHeld(each))) {
        await ctx.transaction(async (tx) => {
          await tx.repository(messageVersions).deleteMany({ message_id: message._id });
          await this.references.release(tx, { kind: 'message', id: message._id });
        });
        released += 1;
      }
      if (some.length < ROWS_AT_ONCE) return released;
      after = some.at(-1)!._id;
    }
  }
}
