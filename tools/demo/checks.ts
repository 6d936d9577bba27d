import { setTimeout as delay } from 'node:timers/promises';
import { atOnce } from './at-once';
import type { PersonSocket } from './person-socket';
import type { SentConversation, TenantRun } from './tenant-run';
import type { MessageView, PageOf } from './wire';

const CALLS_AT_ONCE = 16;
const PAGE_LIMIT = 50;
/** Two processes and a gap filled from the database lie between a send and the last of its deliveries. */
const LAST_DELIVERY_MS = 15_000;
/** So long without a single delivery, and none will come any more. */
const QUIET_MS = 3_000;

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
  let messages = 0;
  await atOnce(CALLS_AT_ONCE, run.conversations, async (conversation) => {
    const backward = await pages(run, conversation, 'backward');
    const forward = await pages(run, conversation, 'forward');
    const found = [differences(conversation, backward.reverse(), run), differences(conversation, forward, run)];
    faults.push(...found.flat());
    if (found.flat().length === 0) messages += forward.length;
  });
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
    if (ids.some((id) => !socket.mended.has(id))) await socket.sync(new Map(conversations.map(({ id }) => [id, 0])));
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
  const { doubled, outOfOrder } = socket.faults;
  const counts = { lost, 'not told live': late, doubled, 'out of order': outOfOrder };
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

async function pages(
  run: TenantRun,
  { id, planned }: SentConversation,
  direction: 'backward' | 'forward',
): Promise<MessageView[]> {
  const reader = planned.members.at(direction === 'backward' ? 0 : -1)!;
  const credentials = await run.tenant.as(reader, direction === 'backward' ? 'server_key' : 'token');
  const all: MessageView[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = `direction=${direction}&limit=${PAGE_LIMIT}${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const path = `/v1/conversations/${id}/messages?${query}`;
    const page: PageOf<MessageView> = await run.tenant.rest.expect('GET', path, credentials);
    all.push(...page.data);
    cursor = page.page.next_cursor;
  }
  // What the system itself says in a group (who joined) was not sent by anybody.
  return all.filter(({ type }) => type !== 'system');
}

function differences(conversation: SentConversation, found: MessageView[], run: TenantRun): string[] {
  const { id, planned, messages } = conversation;
  if (found.length !== planned.posts.length) {
    return [`conversation ${id} has ${found.length} messages instead of ${planned.posts.length}`];
  }
  return planned.posts.flatMap((post, index) => {
    const message = found[index]!;
    const same =
      message.text === post.text &&
      message.id === messages[index]?.id &&
      message.client_message_id === `${run.tenant.id}-${post.key}` &&
      message.sender.user_external_id === post.sender &&
      message.metadata['tenant'] === run.tenant.id &&
      (planned.type !== 'direct' || message.seq === index + 1);
    return same ? [] : [`message ${post.key} of conversation ${id} is not at its place as it was sent`];
  });
}
