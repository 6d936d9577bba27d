import type { Told } from '#caas/testing';

/** Who is what in a conversation, by the events of members that somebody heard who was there from the beginning. */
export function rolesByEvents(first: Iterable<string>, told: Told[], conversation: string): Record<string, string> {
  const roles = new Map([...first].map((user, at) => [user, at === 0 ? 'owner' : 'member']));
  for (const { type, about, role, rev, ...event } of told) {
    if (event.conversation !== conversation || rev === null || about === null) continue;
    if (type === 'member.removed') roles.delete(about);
    else roles.set(about, role!);
  }
  return Object.fromEntries(roles);
}

/** Who was in which conversation at which `rev`, by the events of members that anybody heard. */
export class Memberships {
  /** By conversation and member: at which rev they came (true) or left. */
  private readonly changes = new Map<string, Map<number, boolean>>();

  constructor(told: Told[]) {
    for (const { type, conversation, rev, about } of told) {
      if (rev === null || about === null || type === 'member.updated') continue;
      const key = `${conversation} ${about}`;
      const changes = this.changes.get(key) ?? new Map<number, boolean>();
      this.changes.set(key, changes.set(rev, type === 'member.added'));
    }
  }

  /**
   * Who comes hears of it, and who leaves does not, but by an event of their own, without a rev. A message has no rev either: of
   * who was ever in, `notInOrder` and `Absences` say whether it was theirs.
   */
  mayHear(user: string, { conversation, rev }: Told, openedWith: Set<string>): boolean {
    const changes = [...(this.changes.get(`${conversation} ${user}`) ?? [])].sort(([a], [b]) => a - b);
    if (rev === null) return openedWith.has(user) || changes.length > 0;
    return changes.findLast(([at]) => at <= rev)?.[1] ?? openedWith.has(user);
  }
}

/**
 * Messages that came to a user before their time or after it, by the order in which each connection heard of it all: one that the
 * conversation had when they came in, and whatever followed the word that they are out.
 */
export function notInOrder(user: string, told: Told[]): Told[] {
  const stays = Map.groupBy(told, ({ connection, conversation }) => `${connection} ${conversation}`);
  return [...stays.values()].flatMap((stay) => notInOrderOf(user, stay));
}

/** @param told of one conversation, on one connection */
function notInOrderOf(user: string, told: Told[]): Told[] {
  const faults: Told[] = [];
  /** Heard since they left: theirs if they have come in again meanwhile, of which another event tells a moment later. */
  let outside: Told[] | null = null;
  let joinedSeq = 0;
  for (const event of told) {
    const { type, about, seq, rev, joinedAt } = event;
    const isMessage = seq !== null && rev === null;
    if (joinedAt) {
      joinedSeq = joinedAt.seq;
      faults.push(...(outside ?? []).filter((each) => each.seq! <= joinedSeq));
      outside = null;
    } else if (type === 'member.removed' && about === user && rev === null) outside = [];
    else if (isMessage && outside) outside.push(event);
    else if (isMessage && seq <= joinedSeq) faults.push(event);
  }
  return [...faults, ...(outside ?? [])];
}
