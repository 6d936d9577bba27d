import { forEachConcurrent } from '#caas/platform/concurrency';

/**
 * Works on all of `items`, at most `limit` of them at a time.
 * @returns the results in the order of the items
 * @throws the first failure, when the work that was under way has ended; no further item is begun after it
 */
export async function mapConcurrent<T, R>(
  limit: number,
  items: Iterable<T>,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  await forEachConcurrent([...items].entries(), limit, async ([at, item]) => {
    results[at] = await work(item);
  });
  return results;
}
