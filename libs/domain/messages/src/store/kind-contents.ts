import type { Poll } from './poll-content';

/** What messages of a kind hold beside a text, by the type of the message. */
export interface KindContents {
  poll: Poll;
}

export const KIND_TYPES = ['poll'] as const satisfies (keyof KindContents)[];
export type KindType = (typeof KIND_TYPES)[number];
export type KindContent = KindContents[KindType];

/** The fields that hold it. Each is named as the type; all but that of the message's own type are null. */
export type KindFields = { [T in KindType]: KindContents[T] | null };

export const NO_KIND_CONTENT = Object.fromEntries(KIND_TYPES.map((type) => [type, null])) as Record<KindType, null>;
