import { Injectable } from '@nestjs/common';
import { CLUSTER_MESSAGES } from './cluster-message-batcher';
import { ProcessChannel } from './process-channel';

/**
 * Measures the load of live clients, for background work that gives way to it. It counts the events that this process receives
 * from the others, and every event takes this path; live traffic pays nothing for it.
 */
@Injectable()
export class EventRateProbe {
  private heard = 0;
  private last: { heard: number; atMs: number } | null = null;

  constructor(channel: ProcessChannel) {
    channel.on(CLUSTER_MESSAGES, (notices: unknown[]) => (this.heard += notices.length));
  }

  /** Events a second since the previous call; null at the first call, when nothing has been measured. */
  perSecond(): number | null {
    const before = this.last;
    this.last = { heard: this.heard, atMs: performance.now() };
    return before && (this.heard - before.heard) / ((this.last.atMs - before.atMs) / 1_000);
  }
}
