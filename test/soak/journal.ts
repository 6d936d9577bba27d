import type { History, Position } from '#caas/testing';

/**
 * A user was out of a room: what came after `from`, and not after `to`, must not reach them: messages by their `seq`, changes by
 * their `rev`.
 */
export interface Absence {
  room: string;
  user: string;
  from: Position;
  /** Null as long as they are out. */
  to: Position | null;
  /** When somebody asked to let them in again, by this process' clock; null as long as they are out. */
  endedAtMs: number | null;
}

/** What the system has promised, by its answers alone: what it is then held to. */
export class Journal {
  /** Things it should never have answered, or not answered in time. */
  readonly refusals: string[] = [];
  readonly counts = {
    overSocket: 0,
    overRest: 0,
    replayed: 0,
    edits: 0,
    reactions: 0,
    marks: 0,
    reconnects: 0,
    removals: 0,
    returns: 0,
    outside: 0,
  };
  readonly absences: Absence[] = [];
  /** Ids of messages that are in a thread: they begin none. */
  readonly replies = new Set<string>();
  /** Rooms that a user could read while they were out. */
  readonly leaks: string[] = [];
  private readonly read = new Map<string, number>();

  /** @param history of the sends */
  constructor(readonly history: History) {}

  /** @returns what to call with the acknowledged message */
  beginSend(room: string, sender: string, clientMessageId: string): (message: { id: string; seq: number }) => void {
    const acknowledged = this.history.begin(room, sender, clientMessageId);
    return (message) => {
      acknowledged(message);
      // A sender has read their own message.
      this.marked(room, sender, message.seq);
    };
  }

  marked(room: string, user: string, seq: number): void {
    const key = `${room} ${user}`;
    this.read.set(key, Math.max(seq, this.read.get(key) ?? 0));
  }

  /** @param from where the room stood when the removal had been answered */
  left(room: string, user: string, from: Position): void {
    this.absences.push({ room, user, from, to: null, endedAtMs: null });
    this.counts.removals += 1;
  }

  /** @param to where the room stood before anybody asked to let them in again */
  returning(room: string, user: string, to: Position): void {
    const absence = this.absences.findLast((each) => each.room === room && each.user === user);
    if (!absence) return;
    absence.to = to;
    absence.endedAtMs = performance.now();
  }

  /** A new member, who has read what was there. */
  returned(room: string, user: string, readSeq: number): void {
    this.read.set(`${room} ${user}`, readSeq);
    this.counts.returns += 1;
  }

  readUpTo(room: string, user: string): number {
    return this.read.get(`${room} ${user}`) ?? 0;
  }
}
