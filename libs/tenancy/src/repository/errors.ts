import { MongoServerError } from 'mongodb';
import { DuplicateKeyError } from '#caas/kernel';

const DUPLICATE_KEY = 11000;

/** Turns the engine's duplicate-key errors into the kernel's; lets everything else pass, labels for retries included. */
export async function translatingErrors<T>(collection: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const duplicate = duplicateKeyOf(error);
    if (duplicate) throw new DuplicateKeyError(collection, duplicate, { cause: error });
    throw error;
  }
}

/** The fields of the unique index that refused the write, without the tenant; null for any other error. */
function duplicateKeyOf(error: unknown): string[] | null {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return null;
  const { keyPattern } = (error.keyPattern ? error : (firstWriteError(error) ?? {})) as { keyPattern?: object };
  return Object.keys(keyPattern ?? {}).filter((field) => field !== 'tenant_id');
}

function firstWriteError(error: MongoServerError): unknown {
  const [first] = [(error as unknown as { writeErrors?: unknown }).writeErrors ?? []].flat() as { err?: unknown }[];
  return first?.err ?? first;
}
