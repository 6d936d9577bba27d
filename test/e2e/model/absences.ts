import type { Told } from '#caas/testing';

/** A removal is answered when the other processes were told, or after this long at most. */
const TOLD_WITHIN_MS = 1_000;

interface Admissions {
  /** How often somebody has asked to let them in. */
  asked: number;
  /** How many of these are not answered yet. */
  pending: number;
}

/**
 * Who was surely out while a message was sent: their removal had been answered, and nobody had asked to let them in again. A
 * removal is in force when it is answered, so that message is not theirs to hear, on whichever process they are connected.
 */
export class Absences {
  private readonly admissions = new Map<string, Admissions>();
  /** Of those who are out: how often somebody had asked to let them in by then. */
  private readonly out = new Map<string, number>();
  /** Messages by their seq. */
  private readonly hidden = new Map<string, Set<number>>();

  /** Call it before asking to let somebody in. @returns what to call when that is answered, in whatever way */
  lettingIn(conversation: string, user: string): () => void {
    const admissions = this.admissionsOf(keyOf(conversation, user));
    admissions.asked += 1;
    admissions.pending += 1;
    return () => (admissions.pending -= 1);
  }

  /** Call it before asking to remove somebody. @returns what to call when they were removed */
  takingOut(conversation: string, user: string): () => void {
    const key = keyOf(conversation, user);
    const admissions = this.admissionsOf(key);
    const before = { ...admissions };
    const startedAt = performance.now();
    return () => {
      const isSure = before.pending === 0 && admissions.asked === before.asked;
      if (isSure && performance.now() - startedAt < TOLD_WITHIN_MS) this.out.set(key, admissions.asked);
    };
  }

  /** Call it before sending. @returns what to call with the `seq` of the message when it is acknowledged */
  sending(conversation: string, users: string[]): (seq: number) => void {
    const isOut = (user: string) => {
      const key = keyOf(conversation, user);
      return this.out.get(key) === this.admissionsOf(key).asked;
    };
    const outside = users.filter(isOut);
    return (seq) => {
      for (const user of outside.filter(isOut)) {
        const key = keyOf(conversation, user);
        this.hidden.set(key, (this.hidden.get(key) ?? new Set()).add(seq));
      }
    };
  }

  /** Was it told of a message that was sent while the user was out? */
  isHidden(user: string, { conversation, seq, rev }: Told): boolean {
    return rev === null && seq !== null && (this.hidden.get(keyOf(conversation, user))?.has(seq) ?? false);
  }

  private admissionsOf(key: string): Admissions {
    const known = this.admissions.get(key) ?? { asked: 0, pending: 0 };
    this.admissions.set(key, known);
    return known;
  }
}

const keyOf = (conversation: string, user: string) => `${conversation} ${user}`;
