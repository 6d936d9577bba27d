import type { ObjectId } from 'bson';
import type { Message, MessageReader } from '#caas/domain/messages';
import type { RequestContext } from '#caas/kernel';
import type { Room } from './archive.support';

/** Pages through a conversation; what is not there exactly once is an error. */
export async function pageThrough(
  reader: MessageReader,
  ctx: RequestContext,
  id: ObjectId,
  direction: 'forward' | 'backward',
  limit: number,
): Promise<Message[]> {
  const all: Message[] = [];
  for (let [from, to] = [1, Infinity]; ;) {
    const page = await reader.span(ctx, id, { from, to, direction, limit });
    all.push(...page);
    if (page.length < limit) break;
    if (direction === 'forward') from = page.at(-1)!.seq + 1;
    else to = page.at(-1)!.seq - 1;
  }
  return direction === 'forward' ? all : all.reverse();
}

/** Reads all the time until it is stopped; `stop` throws what it has found wrong. */
export class Witness {
  private static readonly watching = new Set<Witness>();
  private stopped = false;
  reads = 0;
  private readonly problems: string[] = [];
  private readonly running: Promise<void>;

  constructor(
    private readonly ctx: RequestContext,
    private readonly room: Room,
    reader: MessageReader,
    private readonly count = room.messages.length,
  ) {
    Witness.watching.add(this);
    this.running = this.watch(reader);
  }

  /** After a test that failed before it could. */
  static stopAll(): void {
    for (const witness of Witness.watching) witness.stopped = true;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    Witness.watching.delete(this);
    await this.running;
    if (this.problems.length > 0) throw new Error(this.problems.slice(0, 5).join('\n'));
    if (this.reads === 0) throw new Error('The witness saw nothing.');
  }

  private async watch(reader: MessageReader): Promise<void> {
    while (!this.stopped) {
      const [direction, limit] = this.reads % 2 === 0 ? (['backward', 7] as const) : (['forward', 50] as const);
      const { _id, seq } = this.room.messages[Math.floor(Math.random() * this.count)]!;
      try {
        const seqs = (await pageThrough(reader, this.ctx, this.room.id, direction, limit)).map((each) => each.seq);
        const isWhole = seqs.length === this.count && seqs.every((each, at) => each === at + 1);
        if (!isWhole) this.problems.push(`${direction}: ${seqs.join()}`);
        const found = await reader.find(this.ctx, _id);
        if (found?.seq !== seq) this.problems.push(`by id: ${seq}`);
      } catch (error) {
        this.problems.push((error as Error).stack!);
      }
      this.reads += 1;
    }
  }
}
