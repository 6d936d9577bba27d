import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { PeerDirectory } from '#caas/domain/encryption';
import { members } from '../store/member.schema';

const MAX_CONVERSATIONS = 10_000;

/** Gives encryption the conversations in which a user's peers are. */
@Injectable()
export class ConversationPeerDirectory extends PeerDirectory {
  override async conversationsOf(ctx: RequestContext, userId: ObjectId): Promise<string[]> {
    const found = await ctx
      .repository(members)
      .find({ 'user.user_id': userId }, { fields: ['conversation_id'], limit: MAX_CONVERSATIONS });
    return found.map(({ conversation_id }) => conversation_id.toHexString());
  }
}
