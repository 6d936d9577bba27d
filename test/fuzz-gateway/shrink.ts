import { Fields } from './inputs/raw-bson';
import type { Sent } from './inputs/scripts';

/** A script with one part left out. */
function* smaller(script: readonly Sent[]): Generator<Sent[]> {
  for (const [at, sent] of script.entries()) {
    if (script.length > 1) yield script.filter((_, index) => index !== at);
    for (const body of smallerValues(sent.body)) {
      // A command is its first field and its database.
      if (body instanceof Fields && body.entries[0]?.[0] === sent.body.entries[0]?.[0] && body.get('$db') !== undefined)
        yield script.with(at, { ...sent, body });
    }
    if (!sent.beside) continue;
    for (const documents of smallerValues([...sent.beside.documents])) {
      yield script.with(at, { ...sent, beside: { ...sent.beside, documents: documents as Fields[] } });
    }
  }
}

function* smallerValues(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const at of value.keys()) yield value.filter((_, index) => index !== at);
    for (const [at, item] of value.entries()) for (const less of smallerValues(item)) yield value.with(at, less);
  } else if (value instanceof Fields) {
    const { entries } = value;
    for (const at of entries.keys()) yield new Fields(entries.filter((_, index) => index !== at));
    for (const [at, [name, each]] of entries.entries()) {
      for (const less of smallerValues(each)) yield new Fields(entries.with(at, [name, less]));
    }
  } else if (typeof value === 'object' && value !== null && value.constructor === Object) {
    yield* smallerValues(new Fields(Object.entries(value)));
  }
}

/** The smallest script found in `attempts` that still `fails`, the parts taken away one after the other. */
export async function shrink(
  script: readonly Sent[],
  attempts: number,
  fails: (script: readonly Sent[]) => Promise<boolean>,
): Promise<readonly Sent[]> {
  let left = attempts;
  for (;;) {
    const found = await firstThat(smaller(script), (each) => (left-- > 0 ? fails(each) : Promise.resolve(false)));
    if (!found || left <= 0) return found ?? script;
    script = found;
  }
}

async function firstThat<T>(items: Iterable<T>, holds: (item: T) => Promise<boolean>): Promise<T | null> {
  for (const item of items) if (await holds(item)) return item;
  return null;
}
