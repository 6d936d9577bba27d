import { setTimeout as delay } from 'node:timers/promises';
import { checkHistory, mapConcurrent, type MessageState, type PageOf } from '#caas/testing';
import type { PersonSocket } from './person-socket';
import { callerOf } from './tenant';
import type { SentConversation, TenantRun } from './tenant-run';

const CALLS_AT_ONCE = 16;
const PAGE_LIMIT = 50;
/** Two processes and a gap filled from the database lie between a send and the last of its deliveries. */
const LAST_DELIVERY_MS = 15_000;
/** So long without a single delivery, and none will come any more. */
const QUIET_MS = 3_000;

type Direction = 'backward' | 'forward';

/** One promise of the system, kept when `faults` is empty. */
export interface Check {
  promise: string;
  /** What was looked at, in words. */
  seen: string;
  faults: string[];
}

export interface ReadBack {
  check: Check;
  /** Messages found where and as they belong, paging backward and forward. */
  messages: number;
}

/** Pages through every conversation in both directions, and compares text by text. */
export async function readBack(run: TenantRun): Promise<ReadBack> {
  const faults: string[] = [];
  const readable: Record<Direction, MessageState[]> = { backward: [], forward: [] };
  let messages = 0;
  await mapConcurrent(CALLS_AT_ONCE, run.conversations, async (conversation) => {
    const backward = (await pages(run, conversation, 'backward')).reverse();
    const forward = await pages(run, conversation, 'forward');
    readable.backward.push(...backward);
    readable.forward.push(...forward);
    const found = [differences(conversation, backward, run), differences(conversation, forward, run)].flat();
    faults.push(...found);
    if (found.length === 0) messages += conversation.planned.posts.length;
  });
  for (const [direction, read] of Object.entries(readable)) {
    for (const [verdict, found] of Object.entries(checkHistory(run.tenant.history.acknowledged, read)))
      faults.push(...(found as string[]).map((fault) => `${verdict}, reading ${direction}: ${fault}`));
  }
  const seen = `${messages} of ${run.plan.posts} messages in ${run.conversations.length} conversations, both ways`;
  return { check: { promise: 'nothing lost, doubled or out of order', seen, faults }, messages };
}

export interface Delivery {
  check: Check;
  expected: number;
  live: number;
  /** Fetched by `sync` after a connection had broken. */
  mended: number;
}

/**
 * Each connected member heard of each message exactly once, in order. What a connection that broke did not bring, `sync` must.
 * @param crashes whether processes were killed, so that connections may have broken and publishers died before they published
 */
export async function checkDelivery(run: TenantRun, crashes: boolean): Promise<Delivery> {
  await untilQuiet(run);
  const faults: string[] = [];
  let expected = 0;
  let live = 0;
  let mended = 0;
  for (const { socket, ids, conversations } of missingOf(run)) {
    await socket.settled();
    const fromTheBeginning = new Map(conversations.map(({ id }) => [id, { seq: 0, rev: 0 }]));
    if (ids.some((id) => !socket.mended.has(id))) await socket.sync(fromTheBeginning);
    const all = messagesOf(conversations);
    const heard = all.filter(({ id }) => socket.live.has(id)).length;
    const fetched = all.filter(({ id }) => !socket.live.has(id) && socket.mended.has(id)).length;
    expected += all.length;
    live += heard;
    mended += fetched;
    faults.push(...faultsOf(socket, all.length - heard - fetched, crashes ? 0 : fetched));
  }
  const seen = `${live} of ${expected} deliveries live to ${run.sockets.size} sockets${mended ? `, ${mended} mended by sync` : ''}`;
  return { check: { promise: 'each connected member told once, in order', seen, faults }, expected, live, mended };
}

async function untilQuiet(run: TenantRun): Promise<void> {
  const countMissing = () => missingOf(run).reduce((sum, { ids }) => sum + ids.length, 0);
  const deadline = Date.now() + LAST_DELIVERY_MS;
  let missing = countMissing();
  let quietSince = Date.now();
  while (missing > 0 && Date.now() < Math.min(deadline, quietSince + QUIET_MS)) {
    await delay(100);
    const now = countMissing();
    if (now !== missing) quietSince = Date.now();
    missing = now;
  }
}

function faultsOf(socket: PersonSocket, lost: number, late: number): string[] {
  const { doubled, reordered } = socket.faults;
  const counts = { lost, 'not told live': late, doubled, reordered };
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${socket.externalId}: ${count} ${what}`);
}

function missingOf(run: TenantRun) {
  return [...run.sockets.values()].map((socket) => {
    const conversations = run.conversations.filter(({ planned }) => planned.members.includes(socket.externalId));
    const ids = messagesOf(conversations)
      .map(({ id }) => id)
      .filter((id) => !socket.live.has(id));
    return { socket, conversations, ids };
  });
}

const messagesOf = (conversations: SentConversation[]) => conversations.flatMap(({ messages }) => messages);

async function pages(run: TenantRun, { id, planned }: SentConversation, direction: Direction): Promise<MessageState[]> {
  const reader = planned.members.at(direction === 'backward' ? 0 : -1)!;
  const caller = callerOf(run.tenant, reader, direction === 'backward' ? 'server_key' : 'token');
  const all: MessageState[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = `direction=${direction}&limit=${PAGE_LIMIT}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const path = `/v1/conversations/${id}/messages?${query}`;
    const page: PageOf<MessageState> = await caller.read(path);
    all.push(...page.data);
    cursor = page.page.next_cursor;
  }
  return all;
}

/** What `checkHistory` does not look at: that nothing else is there, and that each says what its sender said. */
function differences({ id, planned }: SentConversation, read: MessageState[], run: TenantRun): string[] {
  // What the system itself says in a group (who joined) was not sent by anybody.
  const found = read.filter(({ type }) => type !== 'system');
  if (found.length !== planned.posts.length) {
    return [`conversation ${id} has ${found.length} messages instead of ${planned.posts.length}`];
  }
  return planned.posts.flatMap((post, index) => {
    const message = found[index]!;
    const same =
      message.text === post.text &&
      message.client_message_id === `${run.tenant.id}-${post.key}` &&
      message.metadata?.['tenant'] === run.tenant.id;
    return same ? [] : [`message ${post.key} of conversation ${id} is not at its place as it was sent`];
  });
}
