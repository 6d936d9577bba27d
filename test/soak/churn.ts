import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, ConversationState, MessagePage, Position } from '#caas/testing';
import type { Journal } from './journal';
import type { Room, Users } from './users';

const LONGEST_PAUSE_MS = 3_000;
/** Also where the time is over before: somebody goes, and comes again. */
const LEAST_CHANGES = 2;
/** A removal is answered when the other processes were told, or after this long at most. */
const TOLD_WITHIN_MS = 1_000;
/** A process that was not told goes by what it knew for this long at most. */
const BELIEVED_MS = 5_000;

/** In every group, one guest after the other is taken out, and then let in again, while everybody talks. */
export class Churn {
  constructor(
    private readonly users: Users,
    private readonly journal: Journal,
  ) {}

  async run(until: AbortSignal): Promise<void> {
    const groups = this.users.rooms.filter(({ guests }) => guests.length > 0);
    await Promise.all(
      groups.map(async (room) => {
        for (let turn = 0; !until.aborted || turn < LEAST_CHANGES; turn += 1) {
          await delay(Math.random() * LONGEST_PAUSE_MS, undefined, { signal: until }).catch(() => undefined);
          await this.change(room, room.guests[(turn >> 1) % room.guests.length]!).catch((error: unknown) => {
            this.journal.refusals.push((error as Error).message);
          });
        }
      }),
    );
  }

  private change(room: Room, guest: string): Promise<void> {
    return room.members.includes(guest) ? this.takeOut(room, guest) : this.letIn(room, guest);
  }

  private async takeOut(room: Room, guest: string): Promise<void> {
    const path = `/v1/conversations/${room.id}`;
    // From now on the traffic begins nothing in their name; what they have begun goes on.
    room.members = room.members.filter((member) => member !== guest);
    const startedAt = Date.now();
    // A 404 is the answer to a repetition: who removed them was killed, and may have told nobody.
    const { status } = await this.expect(room.members[0]!, 'DELETE', `${path}/members/${guest}`, [204, 404]);
    if (status === 404 || Date.now() - startedAt >= TOLD_WITHIN_MS) await delay(BELIEVED_MS);
    this.journal.left(room.id, guest, await this.positionOf(room));
    const seen = await this.users.tenant.as(guest).get(path);
    if (seen.status !== 404) this.journal.leaks.push(`${guest} was out of ${room.id} and was answered ${seen.status}`);
  }

  private async letIn(room: Room, guest: string): Promise<void> {
    this.journal.returning(room.id, guest, await this.positionOf(room));
    const members = { member_ids: [guest] };
    await this.expect(room.members[0]!, 'POST', `/v1/conversations/${room.id}/members`, [200, 201], members);
    const { last_seq, unread_count } = await this.look(guest, room);
    this.journal.returned(room.id, guest, last_seq - unread_count);
    room.members.push(guest);
  }

  /** How far the room has come: its own row may say less of its messages than there are. */
  private async positionOf(room: Room): Promise<Position> {
    const path = `/v1/conversations/${room.id}/messages?limit=1`;
    const { data, page } = (await this.expect(room.members[0]!, 'GET', path, [200])).body as MessagePage;
    return { seq: data[0]?.seq ?? 0, rev: page.rev };
  }

  private async look(user: string, room: Room): Promise<ConversationState> {
    return (await this.expect(user, 'GET', `/v1/conversations/${room.id}`, [200])).body as ConversationState;
  }

  private async expect(user: string, method: string, path: string, allowed: number[], body?: object): Promise<Answer> {
    const answer = await this.users.tenant.as(user).call(method, path, body);
    if (allowed.includes(answer.status)) return answer;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }
}
