type Fields = Record<string, unknown>;

/** What a fail point does to a command: hang up, also after it, answer instead of it, or add to its answer. */
export type Strike =
  | { kind: 'hangUp' }
  | { kind: 'hangUpAfter' }
  | { kind: 'reply'; reply: Fields }
  | { kind: 'writeConcernError'; fields: Fields };
