/**
 * Works on all items, at most `limit` of them at a time. The next item is taken from `items` when there is room for it, so a generator
 * can decide late what comes next, and whether anything does.
 * @throws the first failure, when the work that was under way has ended; no further item is begun after it
 */
export async function forEachConcurrent<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failure: { error: unknown } | null = null;
  const lane = async () => {
    while (!failure) {
      try {
        const next = iterator.next();
        if (next.done) return;
        await work(next.value);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failure) throw (failure as { error: unknown }).error;
}
