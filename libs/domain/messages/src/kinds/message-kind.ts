import type { ObjectId } from 'bson';
import { invalid, type CaasError, type FieldError, type TenantCollection, type TenantDocument } from '#caas/kernel';
import type { UserReference } from '#caas/kernel';
import type { KindContent, KindContents, KindType } from '../store/kind-contents';

/** What one user did with one message, such as a vote. */
export interface KindRow extends TenantDocument {
  message_id: ObjectId;
  user: UserReference;
}

/** The rows that belong to messages of a kind: deleted, archived and erased with them, and counted by verification. */
export interface KindRows {
  collection: TenantCollection<KindRow>;
  /** The name of these rows in a line of the archive. */
  archivedAs: string;
}

/**
 * A kind of message: it has a content of its own beside the text. Sending, editing, deleting, searching, showing, archiving and
 * verifying messages ask the kind for what differs.
 */
export abstract class MessageKind<
  T extends KindType = KindType,
  Given extends object = object,
  Row extends KindRow = KindRow,
> {
  /** The `type` of its messages, and the name of the field that holds the content: stored, in bodies and in views. */
  abstract readonly type: T;

  /** Whether an edit may replace the content. Earlier versions then keep the content before. */
  readonly isEditable: boolean = false;

  readonly rows: KindRows | null = null;

  /**
   * The content of a new message, or of an edit.
   * @param given the content in the body, validated by the DTO
   * @throws CaasError (400) for what the DTO cannot check
   */
  abstract prepare(given: Given, now: Date): KindContents[T];

  /** What clients see of the content: JSON. */
  abstract view(content: KindContents[T]): object;

  /** The words in it, for moderation and search. */
  texts(_content: KindContents[T]): string[] {
    return [];
  }

  /** The content with other words, in the order of `texts`. Moderation uses it to mask words. */
  withTexts(content: KindContents[T], _texts: string[]): KindContents[T] {
    return content;
  }

  /** What the inbox shows of a message without a text. */
  preview(content: KindContents[T]): string | null {
    return this.texts(content)[0] ?? null;
  }

  /**
   * What the viewer did: fields that the view of every message has, beside the content.
   * @param rows the viewer's own rows of this message; empty for messages of other kinds
   */
  viewOfOwn(_rows: Row[]): object {
    return {};
  }

  /** The counts of rows that the content keeps, without those that are 0. */
  counts(_content: KindContents[T]): Record<string, number> {
    return {};
  }

  /** The keys of the counts that include this row. */
  countedIn(_row: Row): string[] {
    return [];
  }

  /** The content after a row was erased with its user: its counts no longer include the row. */
  withoutRow(content: KindContents[T], _row: Row): KindContents[T] {
    return content;
  }

  refused(error: FieldError): CaasError {
    const rule = `A ${this.type} is a message of the type "${this.type}", and never encrypted.`;
    return invalid(`invalid_${this.type}`, rule, [error]);
  }
}

/** The content of a message, with the kind that knows it. */
export interface KnownContent {
  kind: MessageKind;
  content: KindContent;
}
