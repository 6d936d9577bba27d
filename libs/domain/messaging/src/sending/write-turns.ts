import { Injectable } from '@nestjs/common';

/**
 * Who of this process may write to a conversation: one at a time, because two transactions at its counters would only
 * refuse each other. Sends take what is free and leave the rest for their next group; other changes wait in line. Where both
 * want it they alternate, so that neither is kept out by a stream of the other. Conversations go by their `conversationKey`.
 */
@Injectable()
export class WriteTurns {
  private readonly taken = new Set<string>();
  /** Free, or soon so, and the sends' to take. */
  private readonly sendsNext = new Set<string>();
  private readonly waiting = new Map<string, (() => void)[]>();
  private onFree: (key: string) => void = () => undefined;

  /** @param listener is called whenever sends may take a conversation that they could not */
  whenFree(listener: (key: string) => void): void {
    this.onFree = listener;
  }

  /** For a group of sends: true when the conversation is theirs now, and otherwise it will be, after whoever has it. */
  take(key: string): boolean {
    if (this.taken.has(key)) {
      this.sendsNext.add(key);
      return false;
    }
    this.sendsNext.delete(key);
    this.taken.add(key);
    return true;
  }

  /** For other changes: resolves when the conversation is theirs. */
  wait(key: string): Promise<void> {
    if (!this.taken.has(key) && !this.sendsNext.has(key)) {
      this.taken.add(key);
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const line = this.waiting.get(key);
      if (line) line.push(resolve);
      else this.waiting.set(key, [resolve]);
    });
  }

  release(key: string): void {
    if (this.sendsNext.has(key)) {
      this.taken.delete(key);
      return this.onFree(key);
    }
    const line = this.waiting.get(key);
    const next = line?.shift();
    if (line?.length === 0) this.waiting.delete(key);
    if (next) return next();
    this.taken.delete(key);
  }
}
