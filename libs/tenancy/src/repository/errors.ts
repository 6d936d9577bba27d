import { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { DuplicateKeyError } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';

const DUPLICATE_KEY = 11000;

/** Turns the engine's duplicate-key errors into the kernel's; lets everything else pass, labels for retries included. */
export async function translatingErrors<T>(collection: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const duplicate = duplicateKeyOf(error);
    if (duplicate) throw new DuplicateKeyError(collection, duplicate, { cause: error });
    throw violationOf(error) ?? error;
  }
}

/** The driver wraps what a connection throws during a bulk write. */
function violationOf(error: unknown): TenantViolation | null {
  const { errorResponse } = error as { errorResponse?: unknown };
  return errorResponse instanceof TenantViolation ? errorResponse : null;
}

/**
 * The fields of the unique index that refused the write, without the tenant; null for any other error. Read from the index'
 * name in the message, because the driver drops `keyPattern` from the errors of bulk writes; our names are made of the keys.
 */
function duplicateKeyOf(error: unknown): string[] | null {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return null;
  const index = /index: (?:\S+\$)?(\S+)/.exec(error.message)?.[1] ?? '';
  return index.split(/_(?:-?1|text)(?:_|$)/).filter((field) => field !== '' && field !== 'tenant_id');
}

/** Which document of an ordered insert a unique index refused; null when the error does not say that this was all that went wrong. */
export function refusedIndexOf(error: unknown): number | null {
  const cause = error instanceof DuplicateKeyError ? error.cause : null;
  // Of one document: the driver makes no list of it.
  if (!(cause instanceof MongoBulkWriteError)) return cause instanceof MongoServerError ? 0 : null;
  // The write concern of those before it failed as well: then nobody knows what is stored for good.
  if (cause.result.getWriteConcernError()) return null;
  const [first] = [cause.writeErrors].flat();
  return first?.code === DUPLICATE_KEY ? first.index : null;
}
