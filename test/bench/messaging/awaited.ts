/** After the end of a talk, what is still not there is lost. */
const LOST_AFTER_MS = 10_000;

export const pause = (ms: number) => (ms <= 0 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, ms)));

interface Waiting {
  resolve(): void;
  reject(error: unknown): void;
}

/** The arrivals that senders wait for: each sender has one message in flight, and goes on when one certain seat has received it. */
export class Awaited {
  /** Messages that have arrived where they were awaited. */
  arrived = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly lost: NodeJS.Timeout;

  /**
   * @param places how far the receiver's seat is from the sender's
   * @param seconds for which senders begin messages
   */
  constructor(
    private readonly places: number,
    seconds: number,
  ) {
    this.lost = setTimeout(() => this.giveUp(), seconds * 1000 + LOST_AFTER_MS);
  }

  /**
   * Resolves when the message that `sender` has just sent arrives.
   *
   * @param acknowledgement its rejection is this one's; otherwise nobody waits for it
   * @throws Error when the message is refused, or has not arrived long after the end of the talk
   */
  arrivalOf(sender: number, acknowledgement: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.set(sender, { resolve, reject });
      acknowledgement.catch(reject);
    });
  }

  /** @returns whether the arrival tells how long a message takes: one at the sender of a pair does not */
  arrive(at: number, sender: number): boolean {
    if (at !== sender + this.places) return this.places === 0;
    this.arrived += 1;
    const waiting = this.waiting.get(sender);
    this.waiting.delete(sender);
    waiting?.resolve();
    return true;
  }

  end(): void {
    clearTimeout(this.lost);
  }

  private giveUp(): void {
    const senders = [...this.waiting.keys()].join(', ');
    for (const { reject } of this.waiting.values()) reject(new Error(`messages of seats ${senders} did not arrive`));
  }
}
