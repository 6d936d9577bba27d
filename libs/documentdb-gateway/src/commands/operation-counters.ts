import { elementsOf, splitDocuments } from '../bson/raw-document';
import type { WireRequest } from '../wire/message';

/** Which field holds the statements of a write, and as what each is counted. */
const STATEMENTS = new Map<string, { field: string; as: Counted }>(
  Object.entries({
    insert: { field: 'documents', as: 'insert' },
    update: { field: 'updates', as: 'update' },
    delete: { field: 'deletes', as: 'delete' },
  }),
);
type Counted = 'insert' | 'query' | 'update' | 'delete' | 'getmore' | 'command';

/** What is counted of a command. */
interface CountedCommand {
  readonly name: string;
  readonly request: WireRequest;
}

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
  count(command: CountedCommand): void {
    const { name } = command;
    const write = STATEMENTS.get(name);
    if (write) this.add(write.as, statementsIn(command));
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

/** How many statements a write has; one of any other command. A damaged one counts as one: its handler finds out. */
export function statementsIn(command: CountedCommand): number {
  const write = STATEMENTS.get(command.name);
  try {
    return write ? countOf(command, write.field) : 1;
  } catch {
    return 1;
  }
}

function countOf({ request }: CountedCommand, field: string): number {
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
