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

  /** Who comes hears of it, and who leaves does not, but by an event of their own, without a rev. */
  mayHear(user: string, { conversation, rev }: Told, openedWith: Set<string>): boolean {
    const changes = [...(this.changes.get(`${conversation} ${user}`) ?? [])].sort(([a], [b]) => a - b);
    if (rev === null) return openedWith.has(user) || changes.length > 0;
    return changes.findLast(([at]) => at <= rev)?.[1] ?? openedWith.has(user);
  }
}
