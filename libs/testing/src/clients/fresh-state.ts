import { snapshotOf, type Snapshot } from './snapshot';
import type { ConversationState, MessageState, PageOf, ReceiptState } from './wire';

const PAGE_LIMIT = 100;

/** Answers the body of a `GET`. */
export type Get = <T>(path: string) => Promise<T>;

/** All that a user can see over REST, by conversation. */
export async function freshState(get: Get): Promise<Map<string, Snapshot>> {
  const state = new Map<string, Snapshot>();
  for (const { id } of await allOf<ConversationState>(get, '/v1/conversations?')) {
    const path = `/v1/conversations/${id}`;
    // One by one, as a reader would: nothing changes meanwhile.
    const conversation = await get<ConversationState>(path);
    const messages = await allOf<MessageState>(get, `${path}/messages?direction=forward&`);
    const receipts = await allOf<ReceiptState>(get, `${path}/receipts?direction=forward&`);
    state.set(id, snapshotOf(conversation, messages, receipts));
  }
  return state;
}

/** Every row of a list, page by page. @param path ends with `?` or `&` */
export async function allOf<T>(get: Get, path: string): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: PageOf<T> = await get(`${path}limit=${PAGE_LIMIT}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    found.push(...page.data);
    cursor = page.page.next_cursor;
  }
  return found;
}
