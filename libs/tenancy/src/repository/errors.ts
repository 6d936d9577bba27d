import { MongoBulkWriteError, MongoServerError } from 'mongodb';
import { DuplicateKeyError } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';

const DUPLICATE_KEY = 11000;

/** Turns the engine's duplicate-key errors into the kernel's. All other errors pass unchanged, including their retry labels. */
export async function translatingErrors<T>(collection: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const duplicate = duplicateKeyOf(error);
    if (duplicate) throw new DuplicateKeyError(collection, duplicate, { cause: error });
    throw violationOf(error) ?? error;
  }
}

/** During a bulk write the driver wraps errors that a connection throws. */
function violationOf(error: unknown): TenantViolation | null {
  const { errorResponse } = error as { errorResponse?: unknown };
  return errorResponse instanceof TenantViolation ? errorResponse : null;
}

/**
 * The fields of the unique index that refused the write, without the tenant; null for any other error. They are read from the
 * index name in the message, because the driver drops `keyPattern` from the errors of bulk writes; our index names consist of the
 * keys.
 */
function duplicateKeyOf(error: unknown): string[] | null {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return null;
  const index = /index: (?:\S+\$)?(\S+)/.exec(error.message)?.[1] ?? '';
  return index.split(/_(?:-?1|text)(?:_|$)/).filter((field) => field !== '' && field !== 'tenant_id');
}

/** The index of the document of an ordered insert that a unique index refused; null when the error may have another cause as well. */
export function refusedIndexOf(error: unknown): number | null {
  const cause = error instanceof DuplicateKeyError ? error.cause : null;
  // For a single document the driver makes no bulk write error.
  if (!(cause instanceof MongoBulkWriteError)) return cause instanceof MongoServerError ? 0 : null;
  // The write concern of the earlier documents failed too, so it is unknown which documents are stored durably.
  if (cause.result.getWriteConcernError()) return null;
  const [first] = [cause.writeErrors].flat();
  return first?.code === DUPLICATE_KEY ? first.index : null;
}
