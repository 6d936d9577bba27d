import type { ObjectId } from 'bson';
import type { Direction, RequestContext } from '#caas/kernel';
import type { KindRow } from '../kinds/message-kind';
import type { Message } from '../store/message.schema';
import type { MessageVersion } from '../store/message-version.schema';
import type { Reaction } from '../store/reaction.schema';

/** A message with all that belonged to it when it left the hot collections. Shared by all who read it: nobody changes it. */
export interface ArchivedMessage {
  message: Message;
  reactions: Reaction[];
  /** Those of its kind, such as votes; none for a message without a kind. */
  rows: KindRow[];
  versions: MessageVersion[];
}

/** Messages of a conversation by `seq`; both ends count. */
export interface SeqSpan {
  from: number;
  to: number;
  direction: Direction;
  limit: number;
}

/** Numbers of messages that are gone for good: their time in cold storage was over. */
export interface GoneSeqs {
  /** In which they were sent: `yyyy-mm`, UTC. */
  month: string;
  first_seq: number;
  last_seq: number;
}

/** What cold storage held of one conversation at one moment. */
export interface ColdConversation {
  /** The nearest in the direction, in its order; of one thread, when a root is given. Each once. */
  span(span: SeqSpan, threadRootId?: ObjectId): Promise<ArchivedMessage[]>;
  /** With a higher `rev` than `afterRev`, of those between two numbers: the lowest revs, in their order. Each once. */
  changedAfter(afterRev: number, fromSeq: number, upToSeq: number, limit: number): Promise<ArchivedMessage[]>;
  readonly gone: readonly GoneSeqs[];
}

export interface MentionedSpan {
  conversationIds: ObjectId[];
  /** Ids in between. */
  above: ObjectId | null;
  below: ObjectId | null;
  direction: Direction;
  limit: number;
}

/** Of one conversation: what lies after `after`, up to `upTo`. */
export interface SeqWindow {
  conversationId: ObjectId;
  after: number;
  upTo: number;
}

/** What was read is not there any more: it was rewritten, restored or has expired meanwhile. Look again. */
export class ArchiveChangedError extends Error {}

/**
 * What messages ask of cold storage; the archive answers. Everything is the context's tenant's own.
 * @throws ArchiveChangedError from every method, when the answer has to be asked for anew
 */
export abstract class MessageArchive {
  /** @param version the conversation's `archive_version`, which is another whenever something came or went */
  abstract open(ctx: RequestContext, conversationId: ObjectId, version: number): Promise<ColdConversation>;

  /** Those of `ids` that are archived, in no promised order. */
  abstract find(ctx: RequestContext, ids: ObjectId[]): Promise<ArchivedMessage[]>;

  /** Messages that mention a user, by id in the direction. */
  abstract mentioning(ctx: RequestContext, userId: ObjectId, span: MentionedSpan): Promise<ArchivedMessage[]>;

  /** By conversation: the numbers of those that mention a user, from the index alone. */
  abstract mentionSeqs(ctx: RequestContext, userId: ObjectId, windows: SeqWindow[]): Promise<Map<string, number[]>>;

  /** Whether the tenant has anything in cold storage. */
  abstract hasAny(ctx: RequestContext): Promise<boolean>;
}
