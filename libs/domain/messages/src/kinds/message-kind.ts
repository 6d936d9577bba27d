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
  /** What a line of the archive calls them. */
  archivedAs: string;
}

/**
 * A kind of message: one that holds a content of its own beside a text. Sending, editing, deleting, searching, showing, archiving
 * and verifying messages ask the kind for what is different about it.
 */
export abstract class MessageKind<
  T extends KindType = KindType,
  Given extends object = object,
  Row extends KindRow = KindRow,
> {
  /** The `type` of its messages, and the name of the field that holds the content: stored, in bodies and in views. */
  abstract readonly type: T;

  /** Whether an edit may give another content. Earlier versions then keep the one before. */
  readonly isEditable: boolean = false;

  readonly rows: KindRows | null = null;

  /**
   * The content of a new message, or of an edit.
   * @param given from the body, as the DTO let it pass
   * @throws CaasError (400) for what the DTO cannot know
   */
  abstract prepare(given: Given, now: Date): KindContents[T];

  /** What clients see of the content: JSON. */
  abstract view(content: KindContents[T]): object;

  /** The words in it, for moderation and search. */
  texts(_content: KindContents[T]): string[] {
    return [];
  }

  /** The content with other words, in the order of `texts`: moderation masks some. */
  withTexts(content: KindContents[T], _texts: string[]): KindContents[T] {
    return content;
  }

  /** What the inbox shows of a message without a text. */
  preview(content: KindContents[T]): string | null {
    return this.texts(content)[0] ?? null;
  }

  /**
   * Fields that every message's view has beside the content, with what the viewer did.
   * @param rows the viewer's own on this message; none on messages of other kinds
   */
  viewOfOwn(_rows: Row[]): object {
    return {};
  }

  /** The numbers that the content keeps of its rows, without those that are 0. */
  counts(_content: KindContents[T]): Record<string, number> {
    return {};
  }

  /** Which of these numbers a row is counted in. */
  countedIn(_row: Row): string[] {
    return [];
  }

  /** The content when a row is erased with its user: counted out. */
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
