import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makersOf } from '../../../support/media/makers';
import { testVideo } from '../../../support/media/samples';
import { CrowdProcess } from '../../messaging/crowd';
import { Population } from '../../support/population';
import type { Table } from '../../messaging/table';
import { benchEngines } from '../../support/engines';
import { TEXT } from '../../support/fixture';
import { startServer } from '../../support/servers';
import { median } from '../../support/statistics';

const THREADS = 2;
const NICENESS = '15';
const SECONDS = 8;
const REPETITIONS = 3;
const CHAT = { seconds: 8, senders: 20, perSecond: 50, text: TEXT };

/** 1080p to 720p beside a bare ffmpeg that does the same; and what chat notices of it. */
export async function transcode(table: Table): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'caas-bench-'));
  try {
    const input = join(folder, 'input');
    await writeFile(input, await testVideo({ size: '1920x1080', seconds: SECONDS, more: ['-preset', 'ultrafast'] }));
    await againstBare(table, input, folder);
    await besideChat(table, input, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function againstBare(table: Table, input: string, folder: string): Promise<void> {
  table.heading(`${SECONDS} s of 1080p to 720p, ${THREADS} threads`);
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    bare.push(await seconds(() => bareFfmpeg(input, join(folder, 'bare.mp4'))));
    ours.push(await seconds(() => transcoded(input, folder, new AbortController().signal)));
  }
  const [made, floor] = [median(ours), median(bare)];
  table.note(`ours ${made.toFixed(2)} s, bare ffmpeg ${floor.toFixed(2)} s`);
  table.add({ what: '720p per second, of bare ffmpeg', figure: floor / made, goal: 0.9 });
}

async function besideChat(table: Table, input: string, folder: string): Promise<void> {
  table.heading(`A room of 20, ${CHAT.perSecond} messages a second together, beside a transcode that does not end`);
  const engines = await benchEngines();
  const platformKey = randomBytes(24).toString('base64url');
  const api = await startServer('apps/api/src/main.js', {
    NODE_ENV: 'production',
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    RATE_LIMITS_FACTOR: '1000',
  });
  try {
    const population = await Population.found(api.url, platformKey);
    const people = await population.people('member', CHAT.senders);
    const conversationId = await population.room(people);
    const seats = people.map(({ token }) => ({ token, conversationId }));
    const crowd = await CrowdProcess.seat({ url: api.url, seats }, { api: api.pid, ...engines.roles });
    await crowd.talk(CHAT);
    const [idle, busy]: [number[], number[]] = [[], []];
    for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
      idle.push((await crowd.talk(CHAT)).acknowledged.p99);
      busy.push((await beside(input, folder, () => crowd.talk(CHAT))).acknowledged.p99);
    }
    await crowd.close();
    table.note(
      `acknowledged p99: alone ${median(idle).toFixed(1)} ms, beside a transcode ${median(busy).toFixed(1)} ms`,
    );
    table.add({
      what: 'p99 beside a transcode, of p99 alone',
      figure: median(busy) / median(idle),
      goal: 2,
      atMost: true,
    });
  } finally {
    await api.stop();
    await engines.stop();
  }
}

/** Does `work` while one transcode follows the other. */
async function beside<T>(input: string, folder: string, work: () => Promise<T>): Promise<T> {
  const end = new AbortController();
  const transcodes = (async () => {
    while (!end.signal.aborted) await transcoded(input, folder, end.signal).catch(() => undefined);
  })();
  try {
    return await work();
  } finally {
    end.abort();
    await transcodes;
  }
}

const { videos } = makersOf(THREADS);

function transcoded(input: string, output: string, signal: AbortSignal) {
  const work = { input, output, sizeBytes: 0, maxDurationSeconds: 3600, signal, progress: () => undefined };
  const video = { codec: 'h264', width: 1920, height: 1080, fps: 25 };
  return videos.transcode(work, { demuxer: 'mov', durationMs: SECONDS * 1000, audioCodec: 'aac', video });
}

async function bareFfmpeg(input: string, output: string): Promise<void> {
  const reading = [
    '-nostdin',
    '-v',
    'error',
    '-y',
    '-threads',
    String(THREADS),
    '-i',
    input,
    '-threads',
    String(THREADS),
  ];
  const picture = ['-vf', 'scale=1280:720,format=yuv420p', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '23'];
  const rest = [
    '-profile:v',
    'high',
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-ac',
    '2',
    '-movflags',
    '+faststart',
    '-f',
    'mp4',
    output,
  ];
  const child = spawn('nice', ['-n', NICENESS, 'ffmpeg', ...reading, ...picture, ...rest], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`ffmpeg ended with ${code}`);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1000;
}
