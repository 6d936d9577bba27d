import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { RequestContext } from '#caas/kernel';
import { SingleFlight } from '#caas/platform/concurrency';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { ArchiveMetrics } from '../archive-metrics';
import { archiveConfig } from '../archive.config';
import { headOf } from '../format/lines';
import { SegmentObjects, type SegmentRow } from './segment-objects';

/** In memory, a line may take two bytes a character, plus the overhead of a string. */
const BYTES_PER_CHARACTER = 2;
const BYTES_PER_LINE = 160;

export interface CachedBlock {
  lines: string[];
  /** The `seq` of each line. */
  seqs: number[];
  ids: string[];
}

/** Caches decompressed blocks up to a limit in bytes. Concurrent requests for a block share one load. The key includes the tenant. */
@Injectable()
export class BlockCache {
  private readonly blocks: LRUCache<string, CachedBlock>;
  private readonly loading = new SingleFlight<CachedBlock>();

  constructor(
    private readonly objects: SegmentObjects,
    private readonly metrics: ArchiveMetrics,
    @InjectConfig(archiveConfig) config: ConfigOf<typeof archiveConfig>,
  ) {
    this.blocks = new LRUCache({ maxSize: config.ARCHIVE_CACHE_MB * 2 ** 20, sizeCalculation: sizeOf });
  }

  get(ctx: RequestContext, segment: SegmentRow, number: number): Promise<CachedBlock> {
    const key = `${ctx.tenantId}:${segment._id.toHexString()}:${number}`;
    const known = this.blocks.get(key);
    this.metrics.read(known ? 'hit' : 'miss');
    if (known) return Promise.resolve(known);
    return this.loading.run(key, async () => {
      const block = await this.load(ctx, segment, number);
      this.blocks.set(key, block);
      return block;
    });
  }

  private async load(ctx: RequestContext, segment: SegmentRow, number: number): Promise<CachedBlock> {
    const lines = await this.objects.block(ctx, segment, number);
    const heads = lines.map(headOf);
    return { lines, seqs: heads.map(({ seq }) => seq), ids: heads.map(({ id }) => id) };
  }
}

const sizeOf = ({ lines }: CachedBlock): number =>
  lines.reduce((sum, { length }) => sum + length * BYTES_PER_CHARACTER + BYTES_PER_LINE, 1);
