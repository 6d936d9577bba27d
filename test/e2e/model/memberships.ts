import type { Told } from '../../support/chat-client/chat-client';

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
