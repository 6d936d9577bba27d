/**
 * Errors of MongoDB's driver, mongoose and ioredis for an unreachable server. Matched by name, since the kernel imports none of
 * these libraries.
 */
const AWAY_NAMES = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoPoolClearedError',
  'MongoPoolClosedError',
  'MongoWaitQueueTimeoutError',
  'MongoNotConnectedError',
  'MongoTopologyClosedError',
  'MongoClientClosedError',
  'MongoOperationTimeoutError',
  'MongooseServerSelectionError',
  'MaxRetriesPerRequestError',
  'ClusterAllFailedError',
]);

const AWAY_SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND']);

/**
 * Codes of a MongoDB server that is stopping, stepping down, not accepting writes, or timed out (source: MongoDB's
 * error_codes.yml).
 */
const AWAY_MONGO_CODES = new Set([50, 89, 91, 112, 189, 262, 7, 6, 9001, 10107, 11600, 11602, 13435, 13436]);

/** ioredis throws plain errors for these. */
const AWAY_MESSAGES =
  /^(?:Stream isn't writeable and enableOfflineQueue|Connection is closed|Operation `.*` buffering timed out|LOADING |READONLY |MISCONF )/;

/** Whether a database, Redis or the network is unreachable; the same request may succeed later. */
export function isEngineAway(error: unknown, depth = 0): boolean {
  if (!(error instanceof Error)) return false;
  const { name, message, code, cause } = error as Error & { code?: unknown };
  if (AWAY_NAMES.has(name) || AWAY_MESSAGES.test(message)) return true;
  if (typeof code === 'string' && AWAY_SYSTEM_CODES.has(code)) return true;
  if (name === 'MongoServerError' && typeof code === 'number' && AWAY_MONGO_CODES.has(code)) return true;
  return depth < 3 && isEngineAway(cause, depth + 1);
}

/** Whether a unique index refused a write that did not go through a tenant's repository. */
export function isDuplicateKey(error: unknown): boolean {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  return code === 11000 && (name === 'MongoServerError' || name === 'MongoBulkWriteError');
}
