import { randomBytes, randomUUID } from 'node:crypto';
import { ObjectId, type Document } from 'mongodb';
import { inParallel, Population } from '../support/population';
import { storedMessage } from '../support/stored-message';
import { DATABASE, type Archivable, type Bench, type LoadedConversation } from './bench';

const PEOPLE = 20;
const MEMBERS = 4;
const MONTHS = 24;
const BATCH = 1_000;
const WRITERS = 6;
const DAY_MS = 24 * 60 * 60_000;
const HASH_BYTES = 32;

interface Wish {
  conversations: number;
  /** For each conversation, over 24 months that have passed more than a year ago. */
  old: number;
  /** Of the last days. */
  recent: number;
}

interface Row {
  tenant_id: string;
  conversation_id: ObjectId;
  members: Document[];
}

/**
 * A tenant with conversations made over REST, as they are, and messages written straight into the engine as a send stores them:
 * over the api a million would take longer than all the measurements. They lie in the order of their times, as if they had been
 * sent then: those of one conversation far from each other.
 */
export async function writeHistory(bench: Bench, texts: string[], wish: Wish): Promise<Archivable> {
  const population = await Population.found(bench.api.url, bench.platformKey);
  const { tenantId } = population;
  const people = await population.people('person', PEOPLE);
  const [reader] = people;
  const ids = await inParallel(wish.conversations, (at) =>
    population.room([
      reader!,
      ...Array.from({ length: MEMBERS - 1 }, (_, nth) => people[1 + ((at + nth) % (PEOPLE - 1))]!),
    ]),
  );
  const db = bench.database.db(DATABASE);
  const users = await db.collection('users').find({ tenant_id: tenantId }).toArray();
  const references = new Map(
    users.map(({ _id, external_id, display_name }) => [
      external_id as string,
      { user_id: _id, user_external_id: external_id as string, user_display_name: display_name as string },
    ]),
  );
  const rows = ids.map((id, at): Row => ({
    tenant_id: tenantId,
    conversation_id: new ObjectId(id),
    members: Array.from({ length: MEMBERS - 1 }, (_, nth) =>
      references.get(people[1 + ((at + nth) % (PEOPLE - 1))]!.name)!,
    ),
  }));
  await writeMessages(bench, rows, texts, wish);
  await bringUpToDate(bench, rows, wish);
  const conversations = rows.map(({ conversation_id: id }): LoadedConversation => ({
    id,
    old: wish.old,
    recent: wish.recent,
  }));
  return { tenantId, token: reader!.token, conversations, old: wish.old * wish.conversations };
}

async function writeMessages(bench: Bench, rows: Row[], texts: string[], wish: Wish): Promise<void> {
  const messages = bench.database.db(DATABASE).collection('messages');
  const total = rows.length * (wish.old + wish.recent);
  const timeOf = times(wish);
  let next = 0;
  const write = async () => {
    while (next < total) {
      const from = next;
      next += BATCH;
      const batch = Array.from({ length: Math.min(BATCH, total - from) }, (_, nth) => {
        const at = from + nth;
        const seq = Math.floor(at / rows.length) + 1;
        return messageOf(rows[at % rows.length]!, seq, timeOf(seq), texts[(at * 7_919) % texts.length]!);
      });
      await messages.insertMany(batch, { ordered: false });
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

/** By `seq`: the old ones evenly over 24 whole months, the newest of which is 13 months past; the others over the last day. */
function times({ old, recent }: Wish): (seq: number) => Date {
  const now = new Date();
  const end = Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth() - 1);
  const begin = Date.UTC(now.getUTCFullYear() - 1, now.getUTCMonth() - 1 - MONTHS);
  return (seq) =>
    seq <= old
      ? new Date(begin + ((seq - 1) * (end - begin)) / old)
      : new Date(now.getTime() - DAY_MS + ((seq - old) * DAY_MS) / (recent + 1));
}

function messageOf(
  { tenant_id, conversation_id, members }: Row,
  seq: number,
  created_at: Date,
  text: string,
): Document {
  return storedMessage({
    _id: idAt(created_at),
    tenant_id,
    conversation_id,
    sender: members[seq % members.length]!,
    seq,
    client_message_id: randomUUID(),
    request_hash: randomBytes(HASH_BYTES).toString('hex'),
    text,
    created_at,
  });
}

/** An id as drivers make them, of another time. */
function idAt(time: Date): ObjectId {
  const id = new ObjectId();
  id.id.set(ObjectId.createFromTime(Math.floor(time.getTime() / 1_000)).id.subarray(0, 4));
  return id;
}

/** The conversations' rows, and how far their words were taken down: otherwise the worker would index all of it first. */
async function bringUpToDate(bench: Bench, rows: Row[], { old, recent }: Wish): Promise<void> {
  const db = bench.database.db(DATABASE);
  const last_seq = old + recent;
  const now = new Date();
  for (const { tenant_id, conversation_id } of rows) {
    const { rev } = (await db
      .collection('conversations')
      .findOneAndUpdate(
        { tenant_id, _id: conversation_id },
        { $set: { last_seq, last_activity_at: now } },
        { returnDocument: 'after' },
      )) as unknown as { rev: number };
    const cursor = {
      $set: { seq: last_seq, rev },
      $setOnInsert: { created_at: now, updated_at: now, deleted_at: null, __v: 0 },
    };
    await db.collection('search_cursors').updateOne({ tenant_id, conversation_id }, cursor, { upsert: true });
  }
}
