import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { members, type Member } from './member.schema';
import { conversations, type Conversation } from './conversation.schema';
import { visibleFrom } from './visibility';

/** A conversation together with one member's row. */
export interface ConversationMembership {
  conversation: Conversation;
  member: Member;
}

/** The actor's memberships among `ids`, by id. */
export async function membershipsAmong(
  ctx: RequestContext,
  ids: ObjectId[],
): Promise<Map<string, ConversationMembership>> {
  const [found, own] = await Promise.all([
    ctx.repository(conversations).find({ _id: oneOrAll(ids) }),
    membershipsIn(ctx, ids),
  ]);
  return new Map(joined(found, own).map((entry) => [entry.conversation._id.toHexString(), entry]));
}

/** The actor's memberships in the conversations `found`, in their order. */
export async function membershipsOf(ctx: RequestContext, found: Conversation[]): Promise<ConversationMembership[]> {
  if (found.length === 0) return [];
  const own = await membershipsIn(
    ctx,
    found.map(({ _id }) => _id),
  );
  return joined(found, own);
}

/** Something with a place in a conversation: a message. */
export interface Placed {
  conversation_id: ObjectId;
  seq: number;
}

/** The messages among `messages` that the actor may read, in their order. */
export async function readableAmong<M extends Placed>(ctx: RequestContext, messages: M[]): Promise<M[]> {
  if (messages.length === 0) return [];
  const ids = new Map(messages.map(({ conversation_id: id }) => [id.toHexString(), id]));
  const entries = await membershipsAmong(ctx, [...ids.values()]);
  return messages.filter(({ conversation_id, seq }) => {
    const entry = entries.get(conversation_id.toHexString());
    return entry !== undefined && seq >= visibleFrom(entry.member, entry.conversation);
  });
}

function membershipsIn(ctx: RequestContext, ids: ObjectId[]): Promise<Member[]> {
  return ctx.repository(members).find({ conversation_id: oneOrAll(ids), 'user.user_id': ctx.user.user_id });
}

const oneOrAll = (ids: ObjectId[]) => (ids.length === 1 ? ids[0] : { $in: ids });

function joined(found: Conversation[], own: Member[]): ConversationMembership[] {
  const byConversation = new Map(own.map((member) => [member.conversation_id.toHexString(), member]));
  return found.flatMap((conversation) => {
    const member = byConversation.get(conversation._id.toHexString());
    return member ? [{ conversation, member }] : [];
  });
}
