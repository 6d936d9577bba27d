import type { Socket } from 'socket.io';
import { newRequestId, type CaasError } from '#caas/kernel';
import { toProblem } from '#caas/platform/http';
import type { InFlightCounter } from './in-flight-counter';

const GATHER_MS = 100;

/** A reason for refusal; one object per reason. */
export interface Rejecting {
  refusal(): CaasError;
}

/**
 * Acknowledges refused messages in batches. The answer is made and encoded once for all messages with the same reason, and all
 * are written together. A refusal may arrive a moment late, and other clients are served in the meantime.
 *
 * It is no `Batcher` (libs/platform/concurrency), which waits for nothing but the batch before.
 */
export class RejectionBatcher {
  /** Keyed by the refusing object, which also makes the answer: sockets and budgets have no ids in common. */
  private readonly waiting = new Map<Rejecting, string[]>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly connection: Pick<Socket['conn'], 'write'>,
    private readonly inFlight: Pick<InFlightCounter, 'begin' | 'end'>,
  ) {}

  /** @param id of the acknowledgement that the client waits for */
  add(id: string, rejecting: Rejecting): void {
    const ids = this.waiting.get(rejecting);
    if (ids) ids.push(id);
    else this.waiting.set(rejecting, [id]);
    if (this.timer) return;
    this.inFlight.begin();
    this.timer = setTimeout(() => this.flush(), GATHER_MS);
  }

  flush(): void {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.timer = null;
    for (const [rejecting, ids] of this.waiting) {
      const answer = JSON.stringify([{ ok: false, error: toProblem(rejecting.refusal(), newRequestId()) }]);
      // A packet of Socket.IO 5: 3 is an acknowledgement.
      for (const id of ids) this.connection.write(`3${id}${answer}`);
    }
    this.waiting.clear();
    this.inFlight.end();
  }
}
