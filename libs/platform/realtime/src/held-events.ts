import type { Delivery } from './delivery';

export interface HeldEvent {
  /** Its `seq` or `rev`. */
  number: number;
  delivery: Delivery;
  /** By `performance.now()`. */
  sinceMs: number;
}

/** The first and the last of the missing numbers, and their count. */
export interface MissingNumbers {
  first: number;
  last: number;
  count: number;
}

/** Events of one kind that wait for earlier ones, sorted by number; each number once. */
export class HeldEvents {
  private readonly events: HeldEvent[] = [];

  /** @param firstOf returns the first number that an event stands for; the last is its own number */
  constructor(private readonly firstOf: (held: HeldEvent) => number) {}

  get size(): number {
    return this.events.length;
  }

  get head(): HeldEvent | undefined {
    return this.events[0];
  }

  get last(): HeldEvent | undefined {
    return this.events.at(-1);
  }

  [Symbol.iterator](): Iterator<HeldEvent> {
    return this.events.values();
  }

  /** @returns the event that already has this number; the new one is then not added */
  add(number: number, delivery: Delivery): HeldEvent | undefined {
    let at = this.events.length;
    while (at > 0 && this.events[at - 1]!.number > number) at -= 1;
    const before = this.events[at - 1];
    if (before?.number === number) return before;
    this.events.splice(at, 0, { number, delivery, sinceMs: performance.now() });
    return undefined;
  }

  removeHead(): void {
    this.events.shift();
  }

  /** The numbers with `from <= number < to` that no held event stands for; null when there are none. */
  missing(from: number, to: number): MissingNumbers | null {
    const missing = { first: 0, last: 0, count: 0 };
    let next = from;
    const note = (until: number) => {
      if (until <= next) return;
      if (missing.count === 0) missing.first = next;
      missing.last = until - 1;
      missing.count += until - next;
    };
    for (const held of this.events) {
      if (next >= to) break;
      note(Math.min(this.firstOf(held), to));
      next = Math.max(next, held.number + 1);
    }
    note(to);
    return missing.count === 0 ? null : missing;
  }

  /** Whether a held event stands for the number. */
  has(number: number): boolean {
    return this.events.some((held) => this.firstOf(held) <= number && number <= held.number);
  }
}
