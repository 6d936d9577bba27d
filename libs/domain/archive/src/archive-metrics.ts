import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { Metrics } from '#caas/platform/metrics';

/** The steps of the archiver that are timed separately. */
export type ArchiveWork = 'read' | 'plan' | 'write' | 'verify' | 'seal' | 'delete' | 'settle';

/** Metrics of this process: its archiving work and its reads from cold storage. */
@Injectable()
export class ArchiveMetrics {
  private readonly messages: Counter;
  private readonly segments: Counter;
  private readonly bytes: Counter;
  private readonly duration: Histogram;
  private readonly blocks: Counter;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.messages = new Counter({
      name: 'caas_archive_messages_total',
      help: 'Messages that came into cold storage (sealed), left the hot collections (pruned), or stayed hot after all (superseded)',
      labelNames: ['outcome'],
      registers,
    });
    this.segments = new Counter({
      name: 'caas_archive_segments_total',
      help: 'Segments that came into a state: sealed (readers see them), pruned (their messages are no longer hot)',
      labelNames: ['state'],
      registers,
    });
    this.bytes = new Counter({
      name: 'caas_archive_bytes_total',
      help: 'Bytes of segments that were sealed: as lines, and as the objects they were compressed to',
      labelNames: ['kind'],
      registers,
    });
    this.duration = new Histogram({
      name: 'caas_archive_step_duration_seconds',
      help: 'Time of one step of the archiver',
      labelNames: ['step'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.blocks = new Counter({
      name: 'caas_archive_block_reads_total',
      help: 'Blocks of cold storage that reads asked for, by whether they were in the cache',
      labelNames: ['outcome'],
      registers,
    });
  }

  /** Counts segments that were committed to cold storage and are visible to readers. */
  sealed(segments: { count: number; bytes: number; content_bytes: number }[]): void {
    const sum = (of: 'count' | 'bytes' | 'content_bytes') => segments.reduce((total, each) => total + each[of], 0);
    this.segments.inc({ state: 'sealed' }, segments.length);
    this.messages.inc({ outcome: 'sealed' }, sum('count'));
    this.bytes.inc({ kind: 'object' }, sum('bytes'));
    this.bytes.inc({ kind: 'content' }, sum('content_bytes'));
  }

  /** Counts messages deleted from the hot collections; `stayed` is the number that remained hot because they changed or are held. */
  pruned({ segments, messages, stayed }: { segments: number; messages: number; stayed: number }): void {
    this.segments.inc({ state: 'pruned' }, segments);
    this.messages.inc({ outcome: 'pruned' }, messages);
    this.messages.inc({ outcome: 'superseded' }, stayed);
  }

  /** Records the duration of `work`, also when it fails. */
  async timed<T>(step: ArchiveWork, work: () => Promise<T>): Promise<T> {
    const end = this.duration.startTimer({ step });
    try {
      return await work();
    } finally {
      end();
    }
  }

  read(outcome: 'hit' | 'miss'): void {
    this.blocks.inc({ outcome });
  }
}
