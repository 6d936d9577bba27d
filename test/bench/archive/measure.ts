import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryAccount } from '../support/memory';
import { startWorker } from '../support/servers';
import { percentile } from '../support/statistics';
import type { Archivable, Bench } from './bench';
import { bareLoop } from './floor';
import { writeHistory } from './history';
import { archiveByJob, type Archived } from './job';
import { EventRateProbe } from './live';
import { readThrough, timePages, told } from './pages';
import { storedBytes, type Stored } from './sizes';
import { chatTexts } from './texts';

const MESSAGES_EACH = 1_000;
const RECENT_EACH = 100;
/** Of all messages, what the bare loop moves, and what each turn beside live traffic does. */
const FLOOR_PART = 0.1;
const TURN_PART = 0.04;
const TURNS = 3;
const MIN_CONVERSATIONS = 5;
const MEGABYTE = 2 ** 20;
const MAX_ABOVE_IDLE_MB = 200;
const LIVE_WARM_UP_MS = 3_000;
const READ_THROUGH = 20;

type Worker = Awaited<ReturnType<typeof startWorker>>;

/** @param parts of what follows the moving; all when empty */
export async function measure(bench: Bench, messages: number, parts: string[]): Promise<void> {
  const { table } = bench;
  table.heading(`${messages} messages of 24 months, of conversations with ${MESSAGES_EACH} each`);
  const conversations = Math.max(MIN_CONVERSATIONS, Math.ceil(messages / MESSAGES_EACH));
  const partOf = (part: number) => Math.max(MIN_CONVERSATIONS, Math.round(conversations * part));
  const texts = await chatTexts();
  const characters = texts.reduce((sum, { length }) => sum + length, 0);
  table.note(`${texts.length} texts of ${(characters / texts.length).toFixed(0)} characters on average`);

  const startedAt = performance.now();
  const load = (count: number, old = MESSAGES_EACH) =>
    writeHistory(bench, texts, { conversations: count, old, recent: RECENT_EACH });
  const main = await load(conversations);
  const seconds = (performance.now() - startedAt) / 1_000;
  table.note(
    `written in ${seconds.toFixed(0)} s (${((main.old * (1 + RECENT_EACH / MESSAGES_EACH)) / seconds).toFixed(0)}/s)`,
  );
  const hot = await storedBytes(bench, 'messages');
  const floorTenant = await load(partOf(FLOOR_PART));
  const turns: Archivable[] = [];
  for (let turn = 0; turn < TURNS; turn += 1) turns.push(await load(partOf(TURN_PART)));
  const floor = await bareLoop(bench, floorTenant);

  const worker = await startWorker(bench.env);
  try {
    await archiving(bench, worker, main, floor, hot);
    const isWanted = (part: string) => parts.length === 0 || parts.includes(part);
    if (isWanted('reading')) await reading(bench, main);
    if (isWanted('beside')) await besideLiveTraffic(bench, worker, turns);
  } finally {
    await worker.stop();
  }
}

async function archiving(bench: Bench, worker: Worker, main: Archivable, floor: number, hot: Stored): Promise<void> {
  const { table } = bench;
  table.heading('Moving them to cold storage');
  const memory = await MemoryAccount.begin(worker.pid);
  const archived = await archiveByJob(bench, worker, main);
  const rate = archived.messages / archived.seconds;
  table.note(describedRun(archived));
  table.note(
    `a bare loop that finds, compresses, writes and deletes: ${floor.toFixed(0)}/s; of it ${(rate / floor).toFixed(2)}`,
  );
  table.add({ what: 'archived per second, with the wait at the end', figure: rate, goal: 8_000, digits: 0 });
  const manifest = await storedBytes(bench, 'archive_segments', 'archive_blocks');
  const part = main.old / (main.old + main.conversations.length * RECENT_EACH);
  const documents = hot.documents * part;
  const whole = (hot.documents + hot.indexes) * part;
  const cold = archived.bytes + manifest.documents + manifest.indexes;
  table.note(
    `hot ${mb(documents)} MB and ${mb(hot.indexes * part)} MB of indexes; cold ${mb(archived.bytes)} MB (${mb(archived.contentBytes)} MB of lines), ` +
      `and a manifest of ${mb(manifest.documents)} MB with ${mb(manifest.indexes)} MB of indexes`,
  );
  table.note(
    `objects of the documents alone ${(archived.bytes / documents).toFixed(2)}; ` +
      `objects and manifest, of documents and indexes ${(cold / whole).toFixed(2)}`,
  );
  table.add({
    what: 'bytes of objects, of hot with its indexes',
    figure: archived.bytes / whole,
    goal: 0.2,
    atMost: true,
  });
  table.note(`worker: ${memory.idleMb.toFixed(0)} MB idle, ${memory.peakMb.toFixed(0)} MB at most`);
  table.add({
    what: 'memory of the worker above idle, MB',
    figure: memory.aboveIdleMb,
    goal: MAX_ABOVE_IDLE_MB,
    atMost: true,
    digits: 0,
  });
}

async function reading(bench: Bench, main: Archivable): Promise<void> {
  const { table, api } = bench;
  table.heading('Reading them there, pages of 20 over REST');
  const memory = await MemoryAccount.begin(api.pid);
  const { hot, warm, firstTouch } = await timePages(bench, main);
  table.note(`hot ${told(hot)}; cold, cached ${told(warm)}; cold, never read before ${told(firstTouch)}`);
  table.add({
    what: 'p50 cold and cached, of hot',
    figure: percentile(warm, 0.5) / percentile(hot, 0.5),
    goal: 2.5,
    atMost: true,
  });
  table.add({ what: 'p99 cold and cached, ms', figure: percentile(warm, 0.99), goal: 80, atMost: true });
  table.add({ what: 'p99 never read before, ms', figure: percentile(firstTouch, 0.99), goal: 150, atMost: true });
  await readThrough(bench, main, READ_THROUGH);
  table.note(`api: ${memory.idleMb.toFixed(0)} MB idle, ${memory.peakMb.toFixed(0)} MB at most`);
  table.add({
    what: 'memory of the api above idle, MB',
    figure: memory.aboveIdleMb,
    goal: MAX_ABOVE_IDLE_MB,
    atMost: true,
    digits: 0,
  });
}

async function besideLiveTraffic(bench: Bench, worker: Worker, turns: Archivable[]): Promise<void> {
  const { table } = bench;
  table.heading('Beside live traffic: 100 sends a second in rooms of ten');
  const live = await EventRateProbe.begin(bench);
  const [alone, beside]: [number[], number[]] = [[], []];
  try {
    await sleep(LIVE_WARM_UP_MS);
    for (const turn of turns) {
      const from = performance.now();
      const { messages, seconds } = await archiveByJob(bench, worker, turn);
      const until = performance.now();
      await sleep(until - from);
      beside.push(...live.between(from, until));
      alone.push(...live.between(until, performance.now()));
      table.note(`${messages} archived beside it, ${(messages / seconds).toFixed(0)}/s`);
    }
  } finally {
    await live.end();
  }
  table.note(`sends alone ${told(alone)}; beside ${told(beside)}`);
  table.add({
    what: 'p99 of a send beside an archive run, of p99 alone',
    figure: percentile(beside, 0.99) / percentile(alone, 0.99),
    goal: 1.5,
    atMost: true,
  });
}

function describedRun({ messages, segments, seconds, cpu }: Archived): string {
  const each = (used: number) => `${((used / messages) * 1e6).toFixed(0)} µs`;
  return (
    `${messages} messages in ${segments} segments in ${seconds.toFixed(1)} s; ` +
    `CPU for each: worker ${each(cpu.worker)}, engines ${each(cpu.engines)}`
  );
}

const mb = (bytes: number): string => (bytes / MEGABYTE).toFixed(0);
