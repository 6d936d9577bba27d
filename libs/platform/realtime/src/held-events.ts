import type { Delivery } from './delivery';

export interface HeldEvent {
  /** Its `seq` or `rev`. */
  number: number;
  delivery: Delivery;
  /** By `performance.now()`. */
  sinceMs: number;
}

/** The first and the last of some numbers that are missing, and how many they are. */
export interface MissingNumbers {
  first: number;
  last: number;
  count: number;
}

/** Events of one kind that wait for earlier ones, sorted by number; each number once. */
export class HeldEvents {
  private readonly events: HeldEvent[] = [];

  /** @param firstOf the first number that an event stands for; its own is the last */
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

  /** @returns the event that has this number already; the new one is not added then */
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

  /** Those with `from <= number < to` that no event stands for. */
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

  /** Does an event that is held stand for the number? */
  has(number: number): boolean {
    return this.events.some((held) => this.firstOf(held) <= number && number <= held.number);
  }
}
