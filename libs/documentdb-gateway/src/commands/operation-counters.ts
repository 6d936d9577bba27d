import { elementsOf, splitDocuments } from '../bson/raw-document';
import type { Command } from './command';

/** Which field holds the statements of a write, and as what each is counted. */
const STATEMENTS = new Map<string, { field: string; as: Counted }>(
  Object.entries({
    insert: { field: 'documents', as: 'insert' },
    update: { field: 'updates', as: 'update' },
    delete: { field: 'deletes', as: 'delete' },
  }),
);
type Counted = 'insert' | 'query' | 'update' | 'delete' | 'getmore' | 'command';

/** What `serverStatus.opcounters` tells: operations since the gateway began. */
export class OperationCounters {
  private readonly counts: Record<Counted, number> = {
    insert: 0,
    query: 0,
    update: 0,
    delete: 0,
    getmore: 0,
    command: 0,
  };

  /** Counts one command; a write by its statements, as MongoDB does. */
  count(command: Command): void {
    const { name } = command;
    const write = STATEMENTS.get(name);
    if (write) this.add(write.as, statementsIn(command, write.field));
    else if (name === 'find') this.add('query', 1);
    else if (name === 'getMore') this.add('getmore', 1);
    else this.add('command', 1);
  }

  add(as: Counted, count: number): void {
    this.counts[as] += count;
  }

  toDocument(): Record<string, number> {
    return { ...this.counts };
  }
}

/** A damaged command counts as one statement; its handler finds out. */
function statementsIn(command: Command, field: string): number {
  try {
    return countOf(command, field);
  } catch {
    return 1;
  }
}

function countOf({ request }: Command, field: string): number {
  const [sequence] = request.sequences;
  let count = 0;
  if (sequence) {
    return splitDocuments(sequence.documents).length;
  }
  for (const { name, type, valueStart, end } of elementsOf(request.body)) {
    if (name !== field || type !== 0x04) continue;
    for (const _statement of elementsOf(request.body.subarray(valueStart, end))) count += 1;
  }
  return count;
}
