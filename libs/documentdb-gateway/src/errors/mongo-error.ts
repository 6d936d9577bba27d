/** MongoDB's error codes that this server uses by name. @see https://www.mongodb.com/docs/manual/reference/error-codes/ */
export const CODES = {
  InternalError: 1,
  BadValue: 2,
  HostUnreachable: 6,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  AuthenticationFailed: 18,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  WriteConflict: 112,
  CommandNotSupported: 115,
  DocumentValidationFailure: 121,
  ExceededMemoryLimit: 146,
  NoSuchTransaction: 251,
  TransactionTooOld: 225,
  OperationNotSupportedInTransaction: 263,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  Interrupted: 11601,
  UnrecognizedPipelineStage: 40324,
} as const;

export type CodeName = keyof typeof CODES;
const NAMES = new Map<number, string>(Object.entries(CODES).map(([name, code]) => [code, name]));

/** An error as a MongoDB client expects it: `{ ok: 0, errmsg, code, codeName, errorLabels? }`. */
export class MongoError extends Error {
  override readonly name = 'MongoError';
  readonly labels: string[] = [];

  constructor(
    readonly code: number,
    message: string,
    readonly more: Record<string, unknown> = {},
  ) {
    super(message);
  }

  static of(name: CodeName, message: string): MongoError {
    return new MongoError(CODES[name], message);
  }

  withLabel(label: string): this {
    this.labels.push(label);
    return this;
  }

  toReply(): Record<string, unknown> {
    return {
      ok: 0,
      errmsg: this.message,
      code: this.code,
      codeName: codeName(this.code),
      ...this.more,
      ...(this.labels.length > 0 ? { errorLabels: this.labels } : {}),
    };
  }
}

export function codeName(code: number): string {
  return NAMES.get(code) ?? `Location${code}`;
}
