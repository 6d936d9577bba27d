import type { NewDocument, UserReference } from '#caas/kernel';
import type { EventData } from '#caas/contracts';
import { members, newMember, type Member } from '../store/member.schema';
import { requireRoom, type groupsSettings } from '../conversation/groups.settings';
import type { OwningGroups } from './owning-groups';
import type { Role } from '../store/roles';
import type { SettingsOf } from '#caas/domain/settings';
import type { ChangeScope } from '../changes/conversation-changes';
import { conversations, type Conversation } from '../store/conversation.schema';
import { viewOfReference } from '#caas/domain/users';
import { viewOfMembership } from '../conversation/views';

type RoomEvent =
  | { type: 'member.added' | 'member.updated' | 'member.removed'; rev: number; data: EventData<'member.added'> }
  | { type: 'conversation.deleted'; rev: number; data: EventData<'conversation.deleted'> };

/** The result of a change, for the notifications. */
export interface MembershipOutcome {
  /** The conversation after the change; its `rev` is that of the last event. */
  conversation: Conversation;
  /** The numbers of the conversation before the change. */
  before: { seq: number; rev: number };
  joined: Member[];
  left: Member[];
  events: RoomEvent[];
  /** The conversation is deleted, with all its members. */
  closed: boolean;
}

/** Collects, inside the transaction of one change, the changes of members' rows and the events to publish. */
export class MembershipChange {
  private readonly joined: Member[] = [];
  private readonly left: Member[] = [];
  private readonly events: RoomEvent[] = [];
  private closed = false;
  private lastRev: number | null = null;

  constructor(
    readonly scope: ChangeScope,
    private readonly by: UserReference | null,
    private readonly limits: SettingsOf<typeof groupsSettings>,
    private readonly groups: OwningGroups,
  ) {}

  /** @throws CaasError `banned` (403) when one of them is, `group_full` (409) */
  async admit(people: UserReference[], role: Role): Promise<Member[]> {
    const { tx, conversation, rev } = this.scope;
    if (conversation.group_id) await this.groups.requireNotBanned(tx, conversation.group_id, people);
    // The scope's row does not count here: an earlier change of the same transaction may have added members.
    const now = await tx.repository(conversations).findOne({ _id: conversation._id }, { fields: ['member_count'] });
    requireRoom(this.limits, (now?.member_count ?? 0) + people.length);
    const rows: NewDocument<Member>[] = people.map((user) =>
      newMember(conversation._id, user, role, { last_seq: conversation.last_seq, rev }),
    );
    const inserted = await tx.repository(members).insertMany(rows);
    this.joined.push(...inserted);
    for (const member of inserted) this.tell('member.added', member);
    return inserted;
  }

  async expel(member: Member): Promise<void> {
    await this.scope.tx.repository(members).deleteOne({ _id: member._id });
    this.left.push(member);
    this.tell('member.removed', member);
  }

  async setRole({ _id }: Member, role: Role): Promise<Member> {
    const changed = await this.scope.tx.repository(members).findOneAndUpdate({ _id }, { $set: { role } });
    if (!changed) throw new Error(`The member ${_id.toHexString()} left within the change of their role`);
    this.tell('member.updated', changed);
    return changed;
  }

  async close(): Promise<void> {
    const { tx, conversation } = this.scope;
    await tx
      .repository(members)
      .updateMany({ conversation_id: conversation._id }, { $set: { deleted_at: new Date() } });
    await tx.repository(conversations).softDelete({ _id: conversation._id });
    if (conversation.group_id) await this.groups.end(tx, conversation.group_id);
    this.closed = true;
    const by = this.by && viewOfReference(this.by);
    this.events.push({
      type: 'conversation.deleted',
      rev: this.nextRev(),
      data: { id: conversation._id.toHexString(), by },
    });
  }

  /** Updates the member count, which completes the change. */
  async finish(): Promise<MembershipOutcome> {
    const { tx, conversation, rev } = this.scope;
    const grown = this.joined.length - this.left.length;
    const row =
      grown === 0
        ? conversation
        : await tx
            .repository(conversations)
            .findOneAndUpdate({ _id: conversation._id }, { $inc: { member_count: grown } }, { withDeleted: true });
    return {
      conversation: { ...row!, rev: grown === 0 ? (this.lastRev ?? rev) : this.nextRev() },
      before: { seq: conversation.last_seq, rev: rev - 1 },
      joined: this.joined,
      left: this.left,
      events: this.events,
      closed: this.closed,
    };
  }

  private tell(type: 'member.added' | 'member.updated' | 'member.removed', member: Member): void {
    this.events.push({ type, rev: this.nextRev(), data: viewOfMembership(member, this.by) });
  }

  private nextRev(): number {
    this.lastRev = this.lastRev === null ? this.scope.rev : this.scope.nextRev();
    return this.lastRev;
  }
}
