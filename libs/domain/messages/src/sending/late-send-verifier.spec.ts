import { ObjectId } from 'bson';
import { DuplicateKeyError, type RequestContext } from '#caas/kernel';
import type { ColdConversation } from '../cold-reads/message-archive';
import type { Message } from '../store/message.schema';
import { LateSendVerifier } from './late-send-verifier';

const id = new ObjectId();
const aMessage = (seq: number, client_message_id = `m${seq}`): Message =>
  ({ _id: new ObjectId(), conversation_id: id, seq, client_message_id, rev: 0 }) as unknown as Message;

interface Archive {
  /** Messages in cold storage. */
  cold?: Message[];
  gone?: { month: string; first_seq: number; last_seq: number }[];
  /** The number that another process takes before ours. */
  taken?: number;
  version?: number | null;
}

/** A conversation whose head is 20 by now. */
function conversationWith({ cold = [], gone = [], taken, version = 1 }: Archive) {
  const updates: Record<string, unknown>[] = [];
  const rows = {
    findOne: () => Promise.resolve({ _id: id, archive_version: version, archived_seq: 10 }),
    updateOne: (_filter: unknown, { $set }: { $set: Record<string, unknown> }) => {
      if (taken !== undefined && $set.seq === taken) return Promise.reject(new DuplicateKeyError('messages', ['seq']));
      updates.push($set);
      return Promise.resolve({ matched: 1 });
    },
  };
  const ctx = { repository: () => rows } as unknown as RequestContext;
  const opened = {
    span: ({ from }: { from: number }) =>
      Promise.resolve(cold.filter(({ seq }) => seq === from).map((message) => ({ message }))),
    gone,
  } as unknown as ColdConversation;
  let head = 19;
  const heads = {
    forget: () => undefined,
    of: () => Promise.resolve(new Map([[id.toHexString(), { seq: (head += 1) }]])),
  };
  const named = ([own]: Message[]) => cold.filter((each) => each.client_message_id === own!.client_message_id);
  const sent = {
    archivedIds: (_ctx: unknown, own: Message[]) => Promise.resolve(named(own).map(({ _id }) => _id)),
    findArchived: (_ctx: unknown, own: Message[]) => Promise.resolve(named(own)),
  };
  const changes = {
    begin: (_scope: unknown, message: Message) => Promise.resolve(message),
    write: (_scope: unknown, message: Message, fields: Record<string, unknown>) => {
      updates.push(fields);
      return Promise.resolve({ ...message, ...fields });
    },
    tell: () => undefined,
  };
  const conversationChanges = {
    apply: async (_ctx: unknown, _id: ObjectId, work: (scope: object) => Promise<Message>) => ({
      value: await work({}),
    }),
  };
  const coldMessages = { open: () => Promise.resolve(opened) };
  const late = new LateSendVerifier(
    coldMessages as never,
    sent as never,
    heads as never,
    conversationChanges as never,
    changes as never,
  );
  return { updates, verified: (stored: Message[]) => late.verified(ctx, id, stored) };
}

describe('A message whose insert was answered late', () => {
  it('keeps its number where nothing was archived, or nothing under it', async () => {
    const message = aMessage(11);
    for (const archive of [{ version: null }, { cold: [aMessage(3)] }]) {
      const { verified, updates } = conversationWith(archive);
      expect(await verified([message])).toEqual([{ stored: message }]);
      expect(updates).toEqual([]);
    }
  });

  it('keeps it where it is archived itself by now', async () => {
    const message = aMessage(9);
    const { verified, updates } = conversationWith({ cold: [message] });
    expect(await verified([message])).toEqual([{ stored: message }]);
    expect(updates).toEqual([]);
  });

  it('takes the next free number where cold storage has another message under it', async () => {
    const { verified, updates } = conversationWith({ cold: [aMessage(9, 'another')], taken: 21 });
    expect(await verified([aMessage(9)])).toMatchObject([{ stored: { seq: 22 } }]);
    expect(updates).toEqual([{ seq: 22 }]);
  });

  it('does so where the other message has expired since', async () => {
    const { verified } = conversationWith({ gone: [{ month: '2026-01', first_seq: 8, last_seq: 9 }] });
    expect(await verified([aMessage(9)])).toMatchObject([{ stored: { seq: 21 } }]);
  });

  it('becomes a tombstone where the same was archived, which is answered', async () => {
    const before = aMessage(5, 'same');
    const { verified, updates } = conversationWith({ cold: [before] });
    const [outcome] = await verified([aMessage(11, 'same')]);
    expect(outcome).toEqual({ found: before });
    expect(updates).toHaveLength(1);
    expect(updates[0]).toMatchObject({ text: null, deleted_at: expect.any(Date) as Date });
    expect(updates[0]!.client_message_id).toMatch(/^withdrawn:/);
  });
});
