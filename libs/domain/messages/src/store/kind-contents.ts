import type { Poll } from './poll-content';

/** The content that messages of a kind have beside the text, by the type of the message. */
export interface KindContents {
  poll: Poll;
}

export const KIND_TYPES = ['poll'] as const satisfies (keyof KindContents)[];
export type KindType = (typeof KIND_TYPES)[number];
export type KindContent = KindContents[KindType];

/** The fields that hold the content. Each is named after its type; only the field of the message's own type is not null. */
export type KindFields = { [T in KindType]: KindContents[T] | null };

export const NO_KIND_CONTENT = Object.fromEntries(KIND_TYPES.map((type) => [type, null])) as Record<KindType, null>;
