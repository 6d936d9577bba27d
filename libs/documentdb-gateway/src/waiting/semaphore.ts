import type { Interrupt } from './interrupt';

/**
 * So many holders at a time; the others wait in the order in which they came. A command that is interrupted while it waits gives up
 * its place.
 */
export class Semaphore {
  private held = 0;
  private readonly line = new Set<() => void>();

  constructor(readonly limit: number) {}

  get holders(): number {
    return this.held;
  }

  get waiting(): number {
    return this.line.size;
  }

  /** Nothing is awaited where there is room. @throws the interrupt's error when it comes while waiting */
  async acquire(interrupt?: Interrupt): Promise<void> {
    if (this.held < this.limit) this.held += 1;
    else await this.inLine(interrupt);
  }

  /** Beyond the limit where there is no room: whoever does so makes room before. */
  acquireBeyond(): void {
    this.held += 1;
  }

  /** The first in the line has what is free now; it counts as held all along. */
  release(): void {
    const [next] = this.line;
    if (next) next();
    else this.held -= 1;
  }

  private async inLine(interrupt?: Interrupt): Promise<void> {
    interrupt?.throwIfRaised();
    await new Promise<void>((resolve, reject) => {
      const proceed = () => {
        this.line.delete(proceed);
        forget?.();
        resolve();
      };
      const forget = interrupt?.onInterrupt((error) => {
        this.line.delete(proceed);
        reject(error);
      });
      this.line.add(proceed);
    });
  }
}
