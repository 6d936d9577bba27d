import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { LRUCache } from 'lru-cache';
import type { RequestContext, WriteOperation } from '#caas/kernel';
import { members } from '../store/member.schema';
import { Log } from '#caas/platform/logging';
import { conversationKey } from '../store/conversation-key';
import { conversations, type Conversation } from '../store/conversation.schema';
import { DirtyConversations } from './dirty-conversations';
import { FOLDED_ROW_FIELDS, foldOf, type Fold, type FoldedRow } from './fold';
import { StoredMessages, type FoldedMessage } from './stored-messages';

/** A busy conversation is folded this often; a quiet one immediately. */
const FOLD_EVERY_MS = 1_000;
const RETRY_MS = 500;
/** Conversations that are due within this time of each other are folded together. */
const TICK_MS = 50;
const MESSAGES_AT_ONCE = 500;
const ROWS_AT_ONCE = 100;
const MAX_REMEMBERED = 50_000;

/** What this process has stored in a conversation and not folded yet. */
interface Pending {
  key: string;
  /** The context of a send, not of a transaction. */
  ctx: RequestContext;
  id: ObjectId;
  /** In the order of `seq`. */
  messages: FoldedMessage[];
  dueAtMs: number;
  folding: Promise<void> | null;
}

/**
 * Keeps the rows of conversations up to date with their messages. Each fold is one conditional update, so any number of processes
 * may fold the same conversation. What this process stored is folded soon after, before its own reads, and before the process ends.
 */
@Injectable()
export class ConversationFolds implements BeforeApplicationShutdown {
  private readonly pending = new Map<string, Pending>();
  /** Rows as this process last knew them, and when it folded them. The conditional update fails when a row has changed since. */
  private readonly rows = new LRUCache<string, { row: FoldedRow; foldedAtMs: number }>({ max: MAX_REMEMBERED });
  private timer: { handle: NodeJS.Timeout; atMs: number } | null = null;
  /** Conversations that are folded at the end of this turn of the event loop. */
  private readonly quiet: Pending[] = [];
  private closing = false;

  constructor(
    private readonly messages: StoredMessages,
    private readonly dirty: DirtyConversations,
    private readonly log: Log,
  ) {}

  /**
   * Call it synchronously with sending an insert. If this process dies before the fold, a worker finds the conversations.
   * @returns a promise to await before the sender is answered; null when there is nothing to wait for
   */
  begin(ctx: RequestContext, ids: ObjectId[]): Promise<void> | null {
    return this.dirty.mark(ids.map((id) => conversationKey(ctx, id)));
  }

  /** Notes that this process has stored messages of a conversation, given in the order of `seq`. */
  note(ctx: RequestContext, id: ObjectId, stored: FoldedMessage[]): void {
    const key = conversationKey(ctx, id);
    const known = this.pending.get(key);
    if (known) {
      known.ctx = ctx;
      known.messages.push(...stored);
      return;
    }
    const now = performance.now();
    const dueAtMs = Math.max(now, (this.rows.get(key)?.foldedAtMs ?? -Infinity) + FOLD_EVERY_MS);
    const pending: Pending = { key, ctx, id, messages: [...stored], dueAtMs, folding: null };
    this.pending.set(key, pending);
    if (dueAtMs > now) this.wakeAt(dueAtMs);
    else if (this.quiet.push(pending) === 1)
      setImmediate(() => void this.start(this.quiet.splice(0).filter(this.isWaiting)));
  }

  /** Takes a row that the caller has read for another reason, outside a transaction. */
  learn(ctx: RequestContext, row: FoldedRow): void {
    const key = conversationKey(ctx, row._id);
    const known = this.rows.get(key);
    if (known && known.row.last_seq >= row.last_seq) return;
    this.rows.set(key, { row, foldedAtMs: known?.foldedAtMs ?? -Infinity });
  }

  /** Call it after the commit of a transaction that has folded the row. */
  moved(ctx: RequestContext, row: FoldedRow): void {
    const key = conversationKey(ctx, row._id);
    this.learn(ctx, row);
    const pending = this.pending.get(key);
    if (pending && !pending.folding) this.done(pending, row.last_seq);
  }

  /** Folds what this process has stored in these conversations, so that a read that follows includes its own sends. */
  async settle(ctx: RequestContext, ids: readonly ObjectId[]): Promise<void> {
    if (this.pending.size === 0) return;
    await this.settleAll(ids.flatMap((id) => this.pending.get(conversationKey(ctx, id)) ?? []));
  }

  /** Like `settle`, for all conversations of the tenant. */
  async settleTenant({ tenantId }: RequestContext): Promise<void> {
    await this.settleAll([...this.pending.values()].filter(({ ctx }) => ctx.tenantId === tenantId));
  }

  /** The process ends: sends must be folded before they are answered, because no later fold will run. */
  get isClosing(): boolean {
    return this.closing;
  }

  /** Folds everything that is stored, by whichever process. @returns the row; null when there is none */
  async fold(ctx: RequestContext, id: ObjectId): Promise<FoldedRow | null> {
    for (;;) {
      const row = await ctx
        .repository(conversations)
        .findOne({ _id: id }, { fields: [...FOLDED_ROW_FIELDS], withDeleted: true });
      if (!row) return null;
      const some = await this.messages.after(ctx, id, row.last_seq, MESSAGES_AT_ONCE);
      const fold = foldOf(row, some);
      if (!fold) return this.folded(ctx, row);
      if ((await writeFold(ctx, row, fold)) && some.length < MESSAGES_AT_ONCE) return this.folded(ctx, fold.after);
    }
  }

  /** For a transaction that has written the row and so holds its lock: folds the messages in its snapshot. @returns the folded row */
  async within(tx: RequestContext, row: Conversation): Promise<Conversation> {
    for (let folded = row; ;) {
      const some = await this.messages.after(tx, folded._id, folded.last_seq, MESSAGES_AT_ONCE);
      const fold = foldOf(folded, some);
      if (!fold) return folded;
      folded = { ...(await foldWithin(tx, fold)), rev: row.rev };
      if (some.length < MESSAGES_AT_ONCE) return folded;
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.closing = true;
    await this.settleAll([...this.pending.values()]);
    if (this.pending.size === 0) await this.dirty.end();
    if (this.timer) clearTimeout(this.timer.handle);
  }

  private async settleAll(own: Pending[]): Promise<void> {
    if (own.length === 0) return;
    await underWay(own);
    const left = own.filter((each) => this.pending.get(each.key) === each);
    await underWay(left);
    await this.start(left.filter(this.isWaiting));
  }

  private isWaiting = (pending: Pending): boolean => this.pending.get(pending.key) === pending && !pending.folding;

  private wakeAt(dueAtMs: number): void {
    const atMs = Math.ceil(dueAtMs / TICK_MS) * TICK_MS;
    if (this.timer && this.timer.atMs <= atMs) return;
    if (this.timer) clearTimeout(this.timer.handle);
    const handle = setTimeout(
      () => {
        this.timer = null;
        this.startDue();
      },
      Math.max(0, atMs - performance.now()),
    );
    this.timer = { handle: handle.unref(), atMs };
  }

  private startDue(): void {
    const now = performance.now();
    const due: Pending[] = [];
    let nextMs = Infinity;
    for (const each of this.pending.values()) {
      if (each.folding) continue;
      if (each.dueAtMs <= now) due.push(each);
      else nextMs = Math.min(nextMs, each.dueAtMs);
    }
    void this.start(due);
    if (nextMs < Infinity) this.wakeAt(nextMs);
  }

  /** Never fails: what could not be folded is tried again later. */
  private async start(due: Pending[]): Promise<void> {
    const groups: Promise<void>[] = [];
    for (const ofTenant of Map.groupBy(due, ({ ctx }) => ctx.tenantId).values()) {
      for (let at = 0; at < ofTenant.length; at += ROWS_AT_ONCE) {
        const group = ofTenant.slice(at, at + ROWS_AT_ONCE);
        const folding = this.foldTogether(group).catch((error: Error) => {
          this.log.of(group[0]!.ctx).warn({ reason: error.message }, 'conversations were not folded; tried again soon');
          for (const each of group) each.dueAtMs = performance.now() + RETRY_MS;
          void this.dirty.mark(group.map(({ key }) => key));
        });
        const ended = folding.then(() => {
          for (const each of group) each.folding = null;
          for (const each of group) if (this.pending.has(each.key)) this.wakeAt(each.dueAtMs);
        });
        for (const each of group) each.folding = ended;
        groups.push(ended);
      }
    }
    await Promise.all(groups);
  }

  private async foldTogether(group: Pending[]): Promise<void> {
    const { ctx } = group[0]!;
    const ready: { pending: Pending; row: FoldedRow; fold: Fold }[] = [];
    let others: Pending[] = [];
    for (const pending of group) {
      const row = this.rows.get(pending.key)?.row;
      const fold = row && foldOf(row, pending.messages);
      if (fold && fold.after.last_seq === pending.messages.at(-1)!.seq) ready.push({ pending, row, fold });
      else others.push(pending);
    }
    // In the order of ids, so that two processes cannot deadlock.
    ready.sort((a, b) => (a.pending.key < b.pending.key ? -1 : 1));
    await writeWatermarks(
      ctx,
      ready.map(({ fold }) => fold),
    );
    const { matched } = await ctx.repository(conversations).bulkWrite(
      ready.map(({ row, fold }) => operationOf(row, fold)),
      { ordered: false },
    );
    if (matched === ready.length) {
      for (const { pending, fold } of ready) this.finish(pending, fold.after);
    } else others = [...others, ...ready.map(({ pending }) => pending)];
    for (const pending of others) this.finish(pending, await this.fold(ctx, pending.id));
  }

  /** @param row null when the conversation is gone */
  private finish(pending: Pending, row: FoldedRow | null): void {
    if (row) this.folded(pending.ctx, row);
    this.done(pending, row?.last_seq ?? Infinity);
  }

  private done(pending: Pending, upTo: number): void {
    pending.messages = pending.messages.filter(({ seq }) => seq > upTo);
    pending.dueAtMs = performance.now() + FOLD_EVERY_MS;
    if (pending.messages.length === 0) this.pending.delete(pending.key);
  }

  private folded(ctx: RequestContext, row: FoldedRow): FoldedRow {
    this.rows.set(conversationKey(ctx, row._id), { row, foldedAtMs: performance.now() });
    return row;
  }
}

const underWay = (own: Pending[]): Promise<unknown> => Promise.all(own.flatMap(({ folding }) => folding ?? []));

const operationOf = ({ _id, last_seq }: FoldedRow, { update }: Fold): WriteOperation<Conversation> => ({
  updateOne: { filter: { _id, last_seq }, update, withDeleted: true },
});

async function writeWatermarks(ctx: RequestContext, folds: Fold[]): Promise<void> {
  await ctx.repository(members).bulkWrite(folds.flatMap(({ watermarks }) => watermarks));
}

/** @returns false when another process has folded the row in the meantime */
async function writeFold(ctx: RequestContext, row: FoldedRow, fold: Fold): Promise<boolean> {
  await writeWatermarks(ctx, [fold]);
  return (await ctx.repository(conversations).bulkWrite([operationOf(row, fold)])).matched > 0;
}

/** For a transaction that holds the row's lock. */
export async function foldWithin(tx: RequestContext, fold: Fold): Promise<Conversation> {
  await writeWatermarks(tx, [fold]);
  const folded = await tx
    .repository(conversations)
    .findOneAndUpdate({ _id: fold.after._id }, fold.update, { withDeleted: true });
  return folded!;
}
