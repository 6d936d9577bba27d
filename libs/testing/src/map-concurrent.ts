/**
 * Works on all of `items`, at most `limit` of them at a time.
 * @returns the results in the order of the items
 * @throws the first failure; what is being worked on by then goes on
 */
export async function mapConcurrent<T, R>(
  limit: number,
  items: Iterable<T>,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items].entries();
  const worker = async () => {
    for (const [at, item] of rest) results[at] = await work(item);
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
