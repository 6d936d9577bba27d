import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, MongoClient } from 'mongodb';
import { HOT } from './mix';
import type { Counter } from './journal';

const LOOK_EVERY_MS = 200;
const PAGE_BYTES = 4_096;

interface ServerStatus {
  pid: number;
  metrics: { cursor: { open: { total: number } } };
  transactions: { currentOpen: number };
  postgres: { commands: number; transactions: number; cursors: number; waiting: number };
}

/** What is still held for clients: nothing, when they are gone. */
export interface Held {
  cursors: number;
  transactions: number;
  waiting: number;
  /** Sessions of the three shares. */
  sessions: number;
}

const statusOf = async (client: MongoClient) =>
  (await client.db('admin').command({ serverStatus: 1 })) as ServerStatus & object;

export async function held(client: MongoClient): Promise<Held> {
  const { metrics, transactions, postgres } = await statusOf(client);
  return {
    cursors: metrics.cursor.open.total,
    transactions: transactions.currentOpen,
    waiting: postgres.waiting,
    sessions: postgres.commands + postgres.transactions + postgres.cursors,
  };
}

/** @returns how long it took until nothing was held any more, and what was when time ran out */
export async function untilNothingHeld(client: MongoClient, mostMs: number): Promise<{ ms: number; left: Held }> {
  const startedAt = performance.now();
  for (;;) {
    const left = await held(client);
    const ms = performance.now() - startedAt;
    if (Object.values(left).every((count) => count === 0) || ms > mostMs) return { ms, left };
    await sleep(LOOK_EVERY_MS);
  }
}

/** Megabytes that the gateway's process has in memory. It must be on this machine. */
export async function residentMb(client: MongoClient): Promise<number> {
  const { pid } = await statusOf(client);
  const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
  return (Number(pages) * PAGE_BYTES) / 2 ** 20;
}

/** What the increments have come to. */
export async function countedIn(db: Db, counter: Counter): Promise<number> {
  const [row] = await db
    .collection(counter)
    .aggregate<{ n: number }>([{ $group: { _id: null, n: { $sum: '$n' } } }])
    .toArray();
  return row?.n ?? 0;
}

/** Transfers move what is there: all accounts together hold nothing. */
export async function sumOfAccounts(db: Db): Promise<number> {
  const accounts = await db.collection<{ _id: number; n: number }>('accounts').find().toArray();
  return accounts.length === HOT ? accounts.reduce((sum, { n }) => sum + n, 0) : NaN;
}
