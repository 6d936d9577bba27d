import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import { Clock, isEngineAway, notFound, type InsertSummary, type NewDocument, type RequestContext } from '#caas/kernel';
import { MessageQuota } from '#caas/domain/usage';
import { ConversationFolds } from '#caas/domain/conversations';
import { foldedMessageOf } from '../message/stored-messages-reader';
import { messages, type Message } from '../store/message.schema';
import { ConversationHeads, type Head } from './conversation-heads';
import type { PreparedMessage } from './prepared-message';
import { LateSendVerifier } from './late-send-verifier';
import { atStep } from './send-faults';
import { keyOf, SentMessageLookup } from './sent-message-lookup';
import { earlierOf, stampNow, type Stamp } from './stamp';

/** The result for a draft: it was stored now; a message with the same name existed before; or it cannot be stored. */
export type Outcome = { stored: Message } | { found: Message } | { error: unknown };
export type Settle = (draft: PreparedMessage, outcome: Outcome) => void;

type Heads = Map<string, Head>;

/**
 * Stores plain messages of one tenant, each by its insert alone. Call it for a conversation again only after the previous call has
 * ended, so that their numbers are consecutive.
 */
@Injectable()
export class MessageInserter {
  constructor(
    private readonly heads: ConversationHeads,
    private readonly sent: SentMessageLookup,
    private readonly late: LateSendVerifier,
    private readonly folds: ConversationFolds,
    private readonly quota: MessageQuota,
    private readonly clock: Clock,
  ) {}

  /**
   * @param settle called for each draft except those that are returned
   * @returns drafts whose `seq` another process took, with the drafts after them in the same conversation
   */
  async insert(ctx: RequestContext, drafts: PreparedMessage[], settle: Settle): Promise<PreparedMessage[]> {
    const taken: PreparedMessage[] = [];
    for (let left = byConversation(drafts); left.length > 0;) left = await this.attempt(ctx, left, settle, taken);
    return taken;
  }

  /** @returns the drafts that are still to be inserted */
  private async attempt(
    ctx: RequestContext,
    drafts: PreparedMessage[],
    settle: Settle,
    taken: PreparedMessage[],
  ): Promise<PreparedMessage[]> {
    let unsent: PreparedMessage[];
    let heads: Heads;
    let askedAt: Stamp;
    try {
      heads = await this.heads.of(ctx, conversationsOf(drafts));
      askedAt = stampNow();
      unsent = await this.withoutArchived(ctx, this.withoutGone(drafts, heads, settle), heads, settle);
    } catch (error) {
      for (const draft of drafts) settle(draft, { error });
      return [];
    }
    if (unsent.length === 0) return [];
    const sentAt = stampNow();
    const marked = this.folds.begin(ctx, conversationsOf(unsent));
    let result: InsertSummary<Message>;
    try {
      result = await ctx.repository(messages).insertUntilRefused(numbered(unsent, heads, this.clock.now()));
    } catch (error) {
      return this.recover(ctx, unsent, error, settle);
    }
    if (marked) await marked;
    atStep('inserted');
    const stored = result.documents.slice(0, result.stored);
    await this.accept(ctx, stored, unsent, { heads, askedAt, sentAt }, settle);
    if (result.refused === null) return [];
    return this.refused(ctx, unsent[result.refused]!, unsent.slice(result.refused + 1), settle, taken);
  }

  private withoutGone(drafts: PreparedMessage[], heads: Heads, settle: Settle): PreparedMessage[] {
    return drafts.filter((draft) => {
      const isThere = heads.has(draft.conversation_id.toHexString());
      if (!isThere) settle(draft, { error: notFound('conversation') });
      return isThere;
    });
  }

  /** The unique index covers hot messages only, so conversations with an archive need a look at the archived sends. */
  private async withoutArchived(
    ctx: RequestContext,
    drafts: PreparedMessage[],
    heads: Heads,
    settle: Settle,
  ): Promise<PreparedMessage[]> {
    const asked = drafts.filter(({ conversation_id }) => heads.get(conversation_id.toHexString())!.hasArchive);
    if (asked.length === 0 || !(await this.sent.hasArchived(ctx, asked))) return drafts;
    const found = await this.sent.find(ctx, asked);
    const known = new Map(asked.map((draft, at) => [keyOf(draft), found[at] ?? null]));
    return drafts.filter((draft) => {
      const message = known.get(keyOf(draft));
      if (message) settle(draft, { found: message });
      return !message;
    });
  }

  /** Answers a draft only when it is certain that the `seq` is its own. */
  private async accept(
    ctx: RequestContext,
    stored: Message[],
    drafts: PreparedMessage[],
    { heads, askedAt, sentAt }: { heads: Heads; askedAt: Stamp; sentAt: Stamp },
    settle: Settle,
  ): Promise<void> {
    let at = 0;
    for (const own of groupsOf(stored)) {
      const id = own[0]!.conversation_id;
      const head = heads.get(id.toHexString())!;
      const basis = head.hasArchive ? earlierOf(head.askedAt, askedAt) : head.askedAt;
      const isSure = this.heads.isTrusted(basis);
      const outcomes: Outcome[] = isSure
        ? own.map((message) => ({ stored: message }))
        : await this.late.verified(ctx, id, own).catch((error: unknown) => own.map(() => ({ error })));
      const kept = outcomes.flatMap((outcome) => ('stored' in outcome ? outcome.stored : []));
      if (isSure) this.heads.used(ctx, id, kept.at(-1)!.seq, sentAt);
      await this.note(ctx, id, kept);
      for (const outcome of outcomes) settle(drafts[at++]!, outcome);
    }
  }

  private async note(ctx: RequestContext, id: ObjectId, stored: Message[]): Promise<void> {
    if (stored.length === 0) return;
    this.folds.note(ctx, id, stored.map(foldedMessageOf));
    this.quota.sent(ctx, stored.length, stored[0]!.created_at);
    if (this.folds.isClosing) await this.folds.settle(ctx, [id]);
  }

  /** The error does not say which index refused the draft. If no message with its name exists, the `seq` was taken. */
  private async refused(
    ctx: RequestContext,
    draft: PreparedMessage,
    rest: PreparedMessage[],
    settle: Settle,
    taken: PreparedMessage[],
  ): Promise<PreparedMessage[]> {
    this.heads.forget(ctx, draft.conversation_id);
    try {
      const [known] = await this.sent.find(ctx, [draft]);
      if (known) {
        await this.settleFound(ctx, draft, known, settle);
        return rest;
      }
    } catch (error) {
      settle(draft, { error });
      return rest;
    }
    const isSame = ({ conversation_id }: PreparedMessage) => conversation_id.equals(draft.conversation_id);
    taken.push(draft, ...rest.filter(isSame));
    return rest.filter((each) => !isSame(each));
  }

  /** The result of the insert is unknown. Drafts that are stored are answered; the rest is refused, or tried one by one. */
  private async recover(
    ctx: RequestContext,
    drafts: PreparedMessage[],
    error: unknown,
    settle: Settle,
  ): Promise<PreparedMessage[]> {
    for (const id of conversationsOf(drafts)) this.heads.forget(ctx, id);
    const found = await this.sent.find(ctx, drafts).catch(() => null);
    const missing: PreparedMessage[] = [];
    for (const [at, draft] of drafts.entries()) {
      const known = found?.[at];
      if (known) await this.settleFound(ctx, draft, known, settle);
      else missing.push(draft);
    }
    if (found === null || drafts.length === 1 || isEngineAway(error)) {
      for (const draft of missing) settle(draft, { error });
      return [];
    }
    // One of them cannot be written. One by one, only that draft gets the error.
    for (const draft of missing) {
      const taken = await this.insert(ctx, [draft], settle);
      for (const each of taken) settle(each, { error });
    }
    return [];
  }

  private async settleFound(
    ctx: RequestContext,
    draft: PreparedMessage,
    known: Message,
    settle: Settle,
  ): Promise<void> {
    // The same id: this draft was stored, but the answer was lost.
    if (!known._id.equals(draft._id)) return settle(draft, { found: known });
    await this.note(ctx, known.conversation_id, [known]);
    settle(draft, { stored: known });
  }
}

const hexOf = ({ conversation_id }: Pick<PreparedMessage, 'conversation_id'>): string => conversation_id.toHexString();

/** The drafts of a conversation together, in their order; conversations in the order of ids. */
const byConversation = (drafts: PreparedMessage[]): PreparedMessage[] =>
  [...Map.groupBy(drafts, hexOf)].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, own]) => own);

const groupsOf = (stored: Message[]): Message[][] => [...Map.groupBy(stored, hexOf).values()];

const conversationsOf = (drafts: PreparedMessage[]): ObjectId[] => [
  ...new Map(drafts.map((draft) => [hexOf(draft), draft.conversation_id])).values(),
];

/** @param created_at also for the preview in the inbox, and for the month in which the message counts */
function numbered(drafts: PreparedMessage[], heads: Heads, created_at: Date): NewDocument<Message>[] {
  const next = new Map<string, number>();
  return drafts.map(({ flagged: _, ...draft }) => {
    const head = heads.get(hexOf(draft))!;
    const seq = (next.get(hexOf(draft)) ?? head.seq) + 1;
    next.set(hexOf(draft), seq);
    return { ...draft, created_at, seq, rev: 0, created_rev: head.rev };
  });
}
