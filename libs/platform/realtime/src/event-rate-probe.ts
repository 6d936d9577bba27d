import { Injectable } from '@nestjs/common';
import { CLUSTER_MESSAGES } from './cluster-message-batcher';
import { ProcessChannel } from './process-channel';

/**
 * How busy live clients are, for work that is to give way to them. Counted are the events that other processes tell this one of,
 * which every event passes: live traffic pays nothing for it.
 */
@Injectable()
export class EventRateProbe {
  private heard = 0;
  private last: { heard: number; atMs: number } | null = null;

  constructor(channel: ProcessChannel) {
    channel.on(CLUSTER_MESSAGES, (notices: unknown[]) => (this.heard += notices.length));
  }

  /** Events a second since the last question; null at the first, when nobody can tell. */
  perSecond(): number | null {
    const before = this.last;
    this.last = { heard: this.heard, atMs: performance.now() };
    return before && (this.heard - before.heard) / ((this.last.atMs - before.atMs) / 1_000);
  }
}
