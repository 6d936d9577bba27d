import { createHash } from 'node:crypto';

export interface LogEntry {
  index: number;
  at: string;
  action: string;
  user_id: string;
  device_id: string;
  signal_device_id: number;
  identity_key: string | null;
  leaf_hash: string;
  chain_hash: string;
  inclusion_proof: string[];
}

/*
 * What a client does to check the key log, written from RFC 9162 §2.1 (whose hashes are RFC 6962's) and the API's documentation, not from
 * the server's code.
 */
const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const inner = (left: Buffer, right: Buffer) => sha256(Buffer.from([1]), left, right);
const of = (text: string) => Buffer.from(text, 'base64');

export function leafHashOf(entry: LogEntry): string {
  const { index, at, action, user_id, device_id, signal_device_id, identity_key } = entry;
  const fields = ['caas-key-log-1', index, at, action, user_id, device_id, signal_device_id, identity_key];
  return sha256(Buffer.from([0]), Buffer.from(JSON.stringify(fields))).toString('base64');
}

/** The chain hashes of entries in their order, from the first of the log on. */
export function chainOf(entries: LogEntry[]): string[] {
  let chain = Buffer.alloc(32);
  return entries.map((entry) => (chain = sha256(chain, of(leafHashOf(entry)))).toString('base64'));
}

/** RFC 9162 §2.1.3.2 */
export function isIncluded(leafHash: string, index: number, size: number, proof: string[], root: string): boolean {
  if (index >= size) return false;
  let [fn, sn] = [index, size - 1];
  let hash = of(leafHash);
  for (const step of proof.map(of)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = inner(step, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else hash = inner(hash, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && hash.equals(of(root));
}

/** RFC 9162 §2.1.4.2 */
export function isContinued(
  first: number,
  firstRoot: string,
  second: number,
  secondRoot: string,
  proof: string[],
): boolean {
  if (first === second) return proof.length === 0 && firstRoot === secondRoot;
  const isWhole = (first & (first - 1)) === 0;
  const path = (isWhole ? [firstRoot, ...proof] : proof).map(of);
  if (path.length === 0) return false;
  let [fn, sn] = [first - 1, second - 1];
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1];
  let [early, late] = [path[0]!, path[0]!];
  for (const step of path.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      early = inner(step, early);
      late = inner(step, late);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else late = inner(late, step);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && early.equals(of(firstRoot)) && late.equals(of(secondRoot));
}
