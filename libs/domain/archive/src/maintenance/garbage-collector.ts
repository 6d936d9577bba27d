import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import { isObjectIdHex, type RequestContext } from '#caas/kernel';
import { archivedConfig } from '#caas/domain/conversations';
import { ErasedMessages, ArchivableMessages } from '#caas/domain/messages';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { ObjectStorage } from '#caas/platform/storage';
import { tenantFolderOf } from '../format/segment-draft';
import { archiveBlocks } from '../persistence/archive-block.schema';
import { archiveSegments, type ArchiveSegment } from '../persistence/archive-segment.schema';
import { SegmentObjects } from '../reading/segment-objects';

const OBJECTS_AT_ONCE = 500;
const SEGMENTS_AT_ONCE = 200;

/** Deletes objects that no reader can see any more. */
@Injectable()
export class GarbageCollector {
  private readonly graceMs: number;

  constructor(
    private readonly storage: ObjectStorage,
    private readonly objects: SegmentObjects,
    private readonly hot: ArchivableMessages,
    private readonly erased: ErasedMessages,
    @InjectConfig(archivedConfig) config: ConfigOf<typeof archivedConfig>,
  ) {
    this.graceMs = 2 * config.ARCHIVE_TRUST;
  }

  /** Waits until no process can still be reading a segment that has just been hidden. */
  async grace(): Promise<void> {
    await sleep(this.graceMs);
  }

  /** Deletes objects of hidden segments, after waiting for readers to finish. @returns how many */
  async collect(ctx: RequestContext): Promise<number> {
    const rows = ctx.repository(archiveSegments);
    const which = { $or: [{ state: 'dropped' }, { state: 'expired', bytes: { $gt: 0 } }] };
    let collected = 0;
    for (let waited = false; ; waited = true) {
      const some = await rows.find(which, { limit: SEGMENTS_AT_ONCE, sort: { _id: 1 } });
      if (some.length === 0) return collected;
      if (!waited) await this.grace();
      for (const segment of some) await this.remove(ctx, segment);
      collected += some.length;
    }
  }

  /**
   * Deletes objects that have no row: an interrupted run left them. A plan's row is written before its object, so an object that is
   * about to be sealed is never deleted.
   * @returns how many
   */
  async collectOrphans(ctx: RequestContext): Promise<number> {
    let orphans = 0;
    let some: string[] = [];
    const take = async () => {
      for (const key of await this.unknown(ctx, some)) {
        await this.storage.delete(key);
        orphans += 1;
      }
      some = [];
    };
    for await (const { key } of this.storage.list(tenantFolderOf(ctx.tenantId))) {
      some.push(key);
      if (some.length === OBJECTS_AT_ONCE) await take();
    }
    await take();
    return orphans;
  }

  private async unknown(ctx: RequestContext, keys: string[]): Promise<string[]> {
    const conversations = new Set(keys.map((key) => key.split('/')[2] ?? '').filter(isObjectIdHex));
    const among = { $in: [...conversations].map((hex) => new ObjectId(hex)) };
    const rows = await ctx.repository(archiveSegments).find({ conversation_id: among }, { fields: ['key'] });
    const known = new Set(rows.map(({ key }) => key));
    return keys.filter((key) => !known.has(key));
  }

  private async remove(ctx: RequestContext, segment: ArchiveSegment): Promise<void> {
    await this.objects.delete(ctx, segment);
    const blocks = ctx.repository(archiveBlocks);
    if (segment.state === 'expired') {
      for (const { ids } of await blocks.find({ segment_id: segment._id }, { fields: ['ids'] })) {
        await this.hot.forgetRemains(ctx, ids);
        await this.erased.releaseFiles(ctx, ids);
      }
    }
    await blocks.deleteMany({ segment_id: segment._id });
    const rows = ctx.repository(archiveSegments);
    if (segment.state === 'dropped') await rows.deleteOne({ _id: segment._id });
    else await rows.updateOne({ _id: segment._id }, { $set: { bytes: 0, blocks: [] } });
  }
}
