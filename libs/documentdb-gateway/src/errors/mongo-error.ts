/** MongoDB's error codes that have a name. @see https://www.mongodb.com/docs/manual/reference/error-codes/ */
export const CODES = {
  InternalError: 1,
  BadValue: 2,
  GraphContainsCycle: 5,
  HostUnreachable: 6,
  HostNotFound: 7,
  FailedToParse: 9,
  UserNotFound: 11,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  AuthenticationFailed: 18,
  IllegalOperation: 20,
  InvalidBSON: 22,
  AlreadyInitialized: 23,
  LockTimeout: 24,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  RoleNotFound: 31,
  CannotBackfillArray: 34,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  InvalidDBRef: 55,
  EmptyFieldName: 56,
  DottedFieldName: 57,
  CommandNotFound: 59,
  ShardKeyNotFound: 61,
  WriteConcernTimeout: 64,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  IndexAlreadyExists: 68,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  UnknownReplWriteConcern: 79,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  NetworkTimeout: 89,
  ShutdownInProgress: 91,
  UnsatisfiableWriteConcern: 100,
  NotExactValueField: 111,
  WriteConflict: 112,
  CommandNotSupported: 115,
  ConflictingOperationInProgress: 117,
  NamespaceNotSharded: 118,
  DocumentValidationFailure: 121,
  FailedToSatisfyReadPreference: 133,
  CursorInUse: 143,
  ExceededMemoryLimit: 146,
  DurationOverflow: 159,
  ViewDepthLimitExceeded: 165,
  CommandNotSupportedOnView: 166,
  OptionNotSupportedOnView: 167,
  QueryPlanKilled: 175,
  AmbiguousIndexKeyPattern: 181,
  ClientMetadataDocumentTooLarge: 185,
  ClientMetadataCannotBeMutated: 186,
  PrimarySteppedDown: 189,
  InvalidIndexSpecificationOption: 197,
  CannotBuildIndexKeys: 201,
  ClusterTimeFailsRateLimiter: 202,
  QueryFeatureNotAllowed: 224,
  TransactionTooOld: 225,
  MaxSubPipelineDepthExceeded: 232,
  ConversionFailure: 241,
  SnapshotUnavailable: 246,
  NoSuchTransaction: 251,
  TransactionCommitted: 256,
  TooManyLogicalSessions: 261,
  ExceededTimeLimit: 262,
  OperationNotSupportedInTransaction: 263,
  PreparedTransactionInProgress: 267,
  IndexBuildAborted: 276,
  NoQueryExecutionPlans: 291,
  APIVersionError: 322,
  APIStrictError: 323,
  APIDeprecationError: 324,
  CollectionUUIDMismatch: 361,
  ReauthenticationRequired: 391,
  SocketException: 9001,
  NotWritablePrimary: 10107,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  InterruptedAtShutdown: 11600,
  Interrupted: 11601,
  InterruptedDueToReplStateChange: 11602,
  BackgroundOperationInProgressForNamespace: 12587,
  MergeStageNoMatchingDocument: 13113,
  DatabaseDifferCase: 13297,
  NotPrimaryNoSecondaryOk: 13435,
  NotPrimaryOrSecondary: 13436,
  OutOfDiskSpace: 14031,
  KeyTooLong: 17280,
  SearchNotEnabled: 31082,
  NotARetryableWriteCommand: 50768,
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

/** MongoDB calls most of its codes by their number: `Location40324`. */
export function codeName(code: number): string {
  return NAMES.get(code) ?? `Location${code}`;
}
