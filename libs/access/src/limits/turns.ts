/**
 * Spreads work over turns of the event loop: so much of it in each, and the rest waits. What else the process has to do comes in
 * between.
 */
export class Turns {
  private readonly waiting: (() => void)[] = [];
  private begun = 0;

  constructor(private readonly perTurn: number) {}

  /** Resolves when it is one's turn; at once while this turn has had less than its share. */
  next(): Promise<void> {
    if (this.begun === 0) setImmediate(() => this.turn());
    if (this.begun < this.perTurn) {
      this.begun += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private turn(): void {
    const some = this.waiting.splice(0, this.perTurn);
    this.begun = some.length;
    if (some.length > 0) setImmediate(() => this.turn());
    for (const begin of some) begin();
  }
}
