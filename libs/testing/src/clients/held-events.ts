import type { Envelope, Position } from './wire';

/** Events of one conversation that wait for what comes before them: messages by `seq`, changes by `rev`. */
export class HeldEvents {
  private readonly messages = new Map<number, Envelope>();
  /** By the last rev that each stands for. */
  private readonly changes = new Map<number, Envelope>();

  get isEmpty(): boolean {
    return this.messages.size === 0 && this.changes.size === 0;
  }

  /** @param event has a `seq` or a `rev`. Of two with the same last rev the one that stands for more is kept. */
  add(event: Envelope): void {
    if (event.rev === undefined) return void this.messages.set(event.seq!, event);
    const other = this.changes.get(event.rev);
    if (!other || firstRevOf(event) < firstRevOf(other)) this.changes.set(event.rev, event);
  }

  message(seq: number): Envelope | undefined {
    return this.messages.get(seq);
  }

  /** The first that stands for a rev. @param rev the lowest one that is not known */
  change(rev: number): Envelope | undefined {
    const exact = this.changes.get(rev);
    if (exact) return exact;
    const covering = [...this.changes.values()].filter((event) => firstRevOf(event) <= rev);
    return covering.sort((a, b) => a.rev! - b.rev!)[0];
  }

  /** Drops what is known by now. */
  forget({ seq, rev }: Position): void {
    for (const each of this.messages.keys()) if (each <= seq) this.messages.delete(each);
    for (const each of this.changes.keys()) if (each <= rev) this.changes.delete(each);
  }
}

const firstRevOf = ({ rev, covers }: Envelope): number => covers?.[0] ?? rev!;
