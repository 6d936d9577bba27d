import { messages } from '#caas/domain/messages';
import type { RequestContext } from '#caas/kernel';
import { ArchiveBench, aRoom, Faults } from './archive.support';
import { pageThrough } from './witness.support';

const COUNT = 40;

describe('The metrics of the archive', () => {
  let bench: ArchiveBench;
  let ctx: RequestContext;
  beforeAll(async () => {
    bench = new ArchiveBench();
    ctx = bench.context(await bench.tenant('shared'));
  });
  afterAll(() => bench.close());

  /** By its labels, of one metric. */
  async function values(name: string): Promise<Record<string, number>> {
    const { values: all } = await bench.prometheus.registry.getSingleMetric(name)!.get();
    return Object.fromEntries(all.map(({ labels, value }) => [Object.values(labels).join(), value]));
  }

  it('tell what was moved, in what time, and what readers found in the cache', async () => {
    const room = await aRoom(ctx, COUNT);
    const { _id } = room.messages[30]!;
    const edit = () => ctx.repository(messages).updateOne({ _id }, { $set: { text: 'edited', rev: COUNT + 1 } });
    const faults = new Faults((step) => (step === 'written' ? edit().then(() => undefined) : undefined));
    const { segments } = await bench.worker({ faults }).archiver.run(ctx, { conversationId: room.id });
    expect(await values('caas_archive_messages_total')).toEqual({ sealed: COUNT, pruned: COUNT - 1, superseded: 1 });
    expect(await values('caas_archive_segments_total')).toEqual({ sealed: segments, pruned: segments });
    const bytes = await values('caas_archive_bytes_total');
    expect(bytes.content).toBeGreaterThan(bytes.object!);
    const { values: timed } = await bench.prometheus.registry
      .getSingleMetric('caas_archive_step_duration_seconds')!
      .get();
    const steps = new Set(timed.map(({ labels }) => labels.step));
    expect([...steps]).toEqual(['read', 'plan', 'write', 'verify', 'seal', 'delete', 'settle']);

    const { reader } = bench.readers();
    await pageThrough(reader, ctx, room.id, 'backward', 20);
    const before = await values('caas_archive_block_reads_total');
    await pageThrough(reader, ctx, room.id, 'backward', 20);
    const after = await values('caas_archive_block_reads_total');
    expect(before.miss).toBeGreaterThanOrEqual(segments);
    expect([after.miss, after.hit! > (before.hit ?? 0)]).toEqual([before.miss, true]);
  });
});
