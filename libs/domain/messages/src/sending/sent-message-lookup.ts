import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import { MessageReader } from '../cold-reads/message-reader';
import { archivedSends } from '../store/archived-send.schema';
import { messages, type Message } from '../store/message.schema';
import type { SendIdentity } from './prepared-message';

/** What names a send, without what it said. */
export type SendName = Omit<SendIdentity, 'request_hash'>;

/** Messages by what their clients named them. */
@Injectable()
export class SentMessageLookup {
  constructor(private readonly reader: MessageReader) {}

  /** What was stored for each of these before, hot or archived, tombstones included; null where nothing was. */
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

  /** Those that are archived. The unique index over what is hot does not know them. */
  async findArchived(ctx: RequestContext, sends: SendName[]): Promise<Message[]> {
    return this.reader.findMany(ctx, await this.archivedIds(ctx, sends));
  }

  async hasArchived(ctx: RequestContext, sends: SendName[]): Promise<boolean> {
    return (await this.archivedIds(ctx, sends)).length > 0;
  }

  /** Of those that are archived, in no promised order. */
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

/** The same for two sends exactly when their client means them to be one. */
export const keyOf = ({ conversation_id, sender, client_message_id }: SendName): string =>
  `${conversation_id.toHexString()}:${sender.user_id.toHexString()}:${client_message_id}`;
