import type { MongoError } from '../errors/mongo-error';

type Listener = (error: MongoError) => void;

/** What ends a command before its answer: its client is gone, its time is over. Whoever works or waits for it listens. */
export class Interrupt {
  private readonly listeners = new Set<Listener>();
  private raised: MongoError | null = null;

  /** What the command fails with; null while it may go on. */
  get error(): MongoError | null {
    return this.raised;
  }

  /** The first counts. */
  raise(error: MongoError): void {
    if (this.raised) return;
    this.raised = error;
    for (const listener of this.listeners) listener(error);
    this.listeners.clear();
  }

  /** Calls `listener` once, at once if it has come already. @returns what takes the listener away */
  onInterrupt(listener: Listener): () => void {
    if (this.raised) {
      listener(this.raised);
      return () => undefined;
    }
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** @throws MongoError what it was raised with */
  throwIfRaised(): void {
    if (this.raised) throw this.raised;
  }
}
