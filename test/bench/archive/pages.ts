import { allOf, Caller, type MessageState, type PageOf } from '#caas/testing';
import { percentile } from '../support/statistics';
import type { Archivable, Bench, LoadedConversation } from './bench';

const LIMIT = 20;
const WARM_CONVERSATIONS = 10;
const PAGES = 400;
const TOUCHES = 200;

export interface PageTimes {
  hot: number[];
  warm: number[];
  firstTouch: number[];
}

/** Pages of 20 over REST in turn: of hot messages, of cold ones that a process has in its cache, and of what nobody has read before. */
export async function timePages(bench: Bench, { token, conversations }: Archivable): Promise<PageTimes> {
  const reader = new Caller(bench.api.url, token);
  const page = (conversation: LoadedConversation, below: number) => timedPage(reader, conversation, below);
  const often = conversations.slice(0, WARM_CONVERSATIONS);
  for (const conversation of often) {
    for (let below = conversation.old + 1; below > LIMIT; below -= LIMIT) await page(conversation, below);
  }
  const times: PageTimes = { hot: [], warm: [], firstTouch: [] };
  for (let at = 0; at < PAGES; at += 1) {
    const conversation = often[at % often.length]!;
    const { old, recent } = conversation;
    times.hot.push(await page(conversation, old + LIMIT + 1 + Math.floor(Math.random() * (recent - LIMIT))));
    times.warm.push(await page(conversation, LIMIT + 1 + Math.floor(Math.random() * (old - LIMIT))));
  }
  for (const conversation of conversations.slice(WARM_CONVERSATIONS, WARM_CONVERSATIONS + TOUCHES)) {
    times.firstTouch.push(await page(conversation, LIMIT + 1 + Math.floor(Math.random() * (conversation.old - LIMIT))));
  }
  return times;
}

/** @throws Error unless the page is whole and in order */
async function timedPage(reader: Caller, { id }: LoadedConversation, below: number): Promise<number> {
  const path = `/v1/conversations/${id.toHexString()}/messages?limit=${LIMIT}&before_seq=${below}`;
  const start = performance.now();
  const { data } = await reader.read<PageOf<MessageState>>(path);
  const took = performance.now() - start;
  const isWhole = data.length === LIMIT && data.every(({ seq }, at) => seq === below - 1 - at);
  if (!isWhole) throw new Error(`${path}: ${JSON.stringify(data.map(({ seq }) => seq))}`);
  return took;
}

/** Every message of some conversations, page by page: each once, in order, and none beyond. */
export async function readThrough(bench: Bench, { token, conversations }: Archivable, count: number): Promise<void> {
  const { read } = new Caller(bench.api.url, token);
  for (const { id, old, recent } of conversations.slice(-count)) {
    let next = old + recent;
    const path = `/v1/conversations/${id.toHexString()}/messages?`;
    for (const { seq } of await allOf<MessageState>(read, path)) {
      if (seq !== next) throw new Error(`${path}: message ${seq} where ${next} should be`);
      next -= 1;
    }
    if (next !== 0) throw new Error(`${id.toHexString()}: ${next} messages are missing`);
  }
}

export const told = (times: number[]): string =>
  [0.5, 0.99, 1]
    .map((part) => `${part === 1 ? 'max' : `p${part * 100}`} ${percentile(times, part).toFixed(1)}`)
    .join(', ') + ' ms';
