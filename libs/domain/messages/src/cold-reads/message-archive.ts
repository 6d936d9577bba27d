import type { ObjectId } from 'bson';
import type { Direction, RequestContext } from '#caas/kernel';
import type { KindRow } from '../kinds/message-kind';
import type { Message } from '../store/message.schema';
import type { MessageVersion } from '../store/message-version.schema';
import type { Reaction } from '../store/reaction.schema';

/** A message with everything that belonged to it when it left the hot collections. Readers share this object, so nobody may change it. */
export interface ArchivedMessage {
  message: Message;
  reactions: Reaction[];
  /** Rows of its kind, such as votes. Empty for a message without a kind. */
  rows: KindRow[];
  versions: MessageVersion[];
}

/** Messages of a conversation by `seq`; both ends are inclusive. */
export interface SeqSpan {
  from: number;
  to: number;
  direction: Direction;
  limit: number;
}

/** The numbers of messages whose retention in cold storage has ended. Nobody has them any more. */
export interface GoneSeqs {
  /** The month in which they were sent: `yyyy-mm`, UTC. */
  month: string;
  first_seq: number;
  last_seq: number;
}

/** What cold storage held of one conversation at one moment. */
export interface ColdConversation {
  /** The first messages of the span in its direction and order, or only those of one thread, when a root is given. Each message once. */
  span(span: SeqSpan, threadRootId?: ObjectId): Promise<ArchivedMessage[]>;
  /** Messages from `fromSeq` to `upToSeq` whose `rev` is above `afterRev`, lowest revs first. Each message once. */
  changedAfter(afterRev: number, fromSeq: number, upToSeq: number, limit: number): Promise<ArchivedMessage[]>;
  readonly gone: readonly GoneSeqs[];
}

export interface MentionedSpan {
  conversationIds: ObjectId[];
  /** Message ids between `above` and `below`. */
  above: ObjectId | null;
  below: ObjectId | null;
  direction: Direction;
  limit: number;
}

/** Messages of one conversation with `after` < `seq` <= `upTo`. */
export interface SeqWindow {
  conversationId: ObjectId;
  after: number;
  upTo: number;
}

/** A segment that the read used was rewritten, restored or has expired since. Read again. */
export class ArchiveChangedError extends Error {}

/**
 * What messages ask of cold storage. The archive answers. Everything belongs to the tenant of the context.
 * @throws ArchiveChangedError from every method, when the caller must ask again
 */
export abstract class MessageArchive {
  /** @param version the conversation's `archive_version`, which changes whenever messages enter or leave cold storage */
  abstract open(ctx: RequestContext, conversationId: ObjectId, version: number): Promise<ColdConversation>;

  /** The archived messages among `ids`, in no particular order. */
  abstract find(ctx: RequestContext, ids: ObjectId[]): Promise<ArchivedMessage[]>;

  /** Messages that mention a user, by id, in the direction of the span. */
  abstract mentioning(ctx: RequestContext, userId: ObjectId, span: MentionedSpan): Promise<ArchivedMessage[]>;

  /** By conversation: the `seq` of each message that mentions the user, from the index alone. */
  abstract mentionSeqs(ctx: RequestContext, userId: ObjectId, windows: SeqWindow[]): Promise<Map<string, number[]>>;

  /** Whether the tenant has anything in cold storage. */
  abstract hasAny(ctx: RequestContext): Promise<boolean>;
}
