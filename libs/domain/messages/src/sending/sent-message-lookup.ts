import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { MessageReader } from '../cold-reads/message-reader';
import { archivedSends } from '../store/archived-send.schema';
import { messages, type Message } from '../store/message.schema';
import type { SendIdentity } from './prepared-message';

/** Identifies a send, without its content. */
export type SendName = Omit<SendIdentity, 'request_hash'>;

/** Finds messages by their `client_message_id`. */
@Injectable()
export class SentMessageLookup {
  constructor(private readonly reader: MessageReader) {}

  /** For each send, the message that it stored before, hot or archived, tombstones included; null when there is none. */
  async find(ctx: RequestContext, sends: SendName[]): Promise<(Message | null)[]> {
    const same = sends.map(({ conversation_id, sender, client_message_id }) => ({
      conversation_id,
      'sender.user_id': sender.user_id,
      client_message_id,
    }));
    const [only] = same;
    if (!only) return [];
    const found = await ctx.repository(messages).find(same.length === 1 ? only : { $or: same }, { withDeleted: true });
    if (found.length < sends.length) found.push(...(await this.findArchived(ctx, sends)));
    const byKey = new Map(found.map((message) => [keyOf(message), message]));
    return sends.map((send) => byKey.get(keyOf(send)) ?? null);
  }

  /** The archived messages of these sends. The unique index covers hot messages only. */
  async findArchived(ctx: RequestContext, sends: SendName[]): Promise<Message[]> {
    return this.reader.findMany(ctx, await this.archivedIds(ctx, sends));
  }

  async hasArchived(ctx: RequestContext, sends: SendName[]): Promise<boolean> {
    return (await this.archivedIds(ctx, sends)).length > 0;
  }

  /** The ids of the archived messages of these sends, in no particular order. */
  async archivedIds(ctx: RequestContext, sends: SendName[]): Promise<ObjectId[]> {
    const rows = await ctx.repository(archivedSends).find({ $or: sends.map(archivedSendOf) }, { fields: ['_id'] });
    return rows.map(({ _id }) => _id);
  }
}

const archivedSendOf = ({ conversation_id, sender, client_message_id }: SendName) => ({
  conversation_id,
  sender_id: sender.user_id,
  client_message_id,
});

/** Equal for two sends exactly when the client means them to be the same send. */
export const keyOf = ({ conversation_id, sender, client_message_id }: SendName): string =>
  `${conversation_id.toHexString()}:${sender.user_id.toHexString()}:${client_message_id}`;
