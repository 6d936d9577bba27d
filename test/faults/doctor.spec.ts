import { execFile, execFileSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { ownSystem, patient } from '#caas/testing';
import { freePort } from '../../tools/stack';
import { builtEntry } from '../../tools/stack/repository';
import { OwnRedis } from '../support/own-redis';

/** By its contract, on a machine that nothing else holds up. */
const ANSWERS_WITHIN_MS = patient(5_000);
/** On a slow machine it may take longer, and is to come to as much. */
const WITHIN = ['--within', String(Math.ceil(ANSWERS_WITHIN_MS / 1_000))];

interface Check {
  what: string;
  state: string;
  detail: string;
  remedy: string | null;
}

let redis: OwnRedis;
const system = ownSystem({
  logLevel: 'fatal',
  apps: ['api'],
  environment: async () => {
    redis = await OwnRedis.start({ durable: true });
    return { REDIS_URL: redis.url };
  },
});
/** What starting a command line takes here: its limit is for what it examines after that. */
let startMs: number;
beforeAll(async () => {
  const from = performance.now();
  await promisify(execFile)(process.execPath, [builtEntry('cli'), '--help']);
  startMs = performance.now() - from;
});
const folders: string[] = [];
const folder = () => folders[folders.push(mkdtempSync(join(tmpdir(), 'caas-doctor-'))) - 1]!;
const tenant = system.session('free', 'anna');
afterAll(async () => {
  await redis?.remove();
  folders.forEach((each) => rmSync(each, { recursive: true, force: true }));
});

interface Examined {
  code: number;
  ms: number;
  /** What is not as it should be, by what it is about. */
  found: Map<string, Check>;
  output: string;
}

async function doctor(more: Record<string, string> = {}, preload: string[] = []): Promise<Examined> {
  const environment = {
    ...process.env,
    NODE_OPTIONS: preload.join(' '),
    DATA_DIR: system.dataDir,
    REDIS_URL: redis.url,
    PLATFORM_ADMIN_KEY: system.platformKey,
    PORT: new URL(system.urls[0]!).port,
    ...more,
  };
  const from = performance.now();
  const run = (words: string[]) =>
    new Promise<{ code: number; output: string; errors: string }>((resolve) => {
      execFile(process.execPath, [builtEntry('cli'), ...words], { env: environment }, (error, output, errors) =>
        resolve({ code: Number(error?.code ?? 0), output, errors }),
      );
    });
  const { code, output, errors } = await run(['doctor', '--json', ...WITHIN]);
  const ms = performance.now() - from;
  expect(errors).toBe('');
  const { checks } = JSON.parse(output) as { checks: Check[] };
  const found = new Map(checks.filter(({ state }) => state !== 'ok').map((check) => [check.what, check]));
  return { code, ms, found, output };
}

/** The doctor says in time that this one thing is wrong, and what to do. */
function expectWrong({ code, ms, found }: Examined, what: string, detail: RegExp, remedy: RegExp): void {
  expect(found.get(what)).toMatchObject({
    state: 'wrong',
    detail: expect.stringMatching(detail) as string,
    remedy: expect.stringMatching(remedy) as string,
  });
  expect(code).toBe(1);
  expect(ms).toBeLessThan(ANSWERS_WITHIN_MS + 2 * startMs);
}

const filesOf = (of: string) => readdirSync(of, { recursive: true }).sort();

it('finds nothing wrong with a system that is well, and writes nothing', async () => {
  mkdirSync(join(system.dataDir, 'storage/objects'), { recursive: true });
  const before = filesOf(system.dataDir);
  const examined = await doctor();
  const { code, found, ms } = examined;
  expect([...found.values()].filter(({ state }) => state !== 'warning')).toEqual([]);
  expect(examined.output).toContain('a probe was written and read');
  expect(code).toBe(0);
  expect(ms).toBeLessThan(ANSWERS_WITHIN_MS + 2 * startMs);
  expect(filesOf(system.dataDir)).toEqual(before);
});

describe('names', () => {
  it('Redis that is away', async () => {
    const REDIS_URL = `redis://127.0.0.1:${await freePort()}`;
    expectWrong(await doctor({ REDIS_URL }), 'redis', /ECONNREFUSED/, /Start Redis/);
  });

  it('Redis that is frozen', async () => {
    await redis.suspended(async () => {
      expectWrong(await doctor(), 'redis', /no answer within/, /stopped or overloaded/);
    });
  });

  it('Redis without its append-only file, and one that may throw jobs away', async () => {
    const { commands } = redis;
    try {
      await commands.config('SET', 'appendonly', 'no');
      await commands.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const examined = await doctor();
      expectWrong(examined, 'redis append-only file', /it is off/, /appendonly yes/);
      expectWrong(examined, 'redis eviction', /allkeys-lru/, /noeviction/);
    } finally {
      await commands.config('SET', 'appendonly', 'yes');
      await commands.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });

  it('MongoDB that is away, and one that does not answer', async () => {
    const away = `mongodb://127.0.0.1:${await freePort()}/?directConnection=true`;
    expectWrong(await doctor({ MONGODB_URI: away }), 'mongodb', /ECONNREFUSED/, /Start MongoDB/);
    const silent = await silentServer();
    try {
      const uri = `mongodb://127.0.0.1:${silent.port}/?directConnection=true`;
      expectWrong(await doctor({ MONGODB_URI: uri }), 'mongodb', /127\.0\.0\.1/, /Start MongoDB/);
    } finally {
      silent.server.close();
    }
  });

  it('a wrong URI, and a wrong password, without saying it', async () => {
    expectWrong(await doctor({ MONGODB_URI: 'mogodb://x' }), 'configuration', /MONGODB_URI must be a URL/, /README/);
    const uri = new URL(process.env['MONGODB_URI']!);
    uri.password = 'hush-hush';
    const examined = await doctor({ MONGODB_URI: uri.href });
    expectWrong(examined, 'mongodb', /Authentication failed/, /user and password/);
    expect(examined.output).not.toContain('hush-hush');
  });

  it('a port that is no number, and one that another program has', async () => {
    expectWrong(await doctor({ PORT: 'abc' }), 'configuration', /PORT must be a whole number/, /README/);
    const other = await silentServer();
    try {
      expectWrong(await doctor({ PORT: String(other.port) }), 'api', /does not answer|another program/, /PORT/);
    } finally {
      other.server.close();
    }
  });

  it('a mistyped DATA_DIR, and makes nothing in it', async () => {
    const missing = join(folder(), 'dta');
    expectWrong(
      await doctor({ DATA_DIR: missing, MONGODB_URI: '' }),
      'data folder',
      /is not there/,
      /DATA_DIR names another/,
    );
    expect(existsSync(missing)).toBe(false);
    const foreign = folder();
    writeFileSync(join(foreign, 'notes.txt'), '');
    expectWrong(await doctor({ DATA_DIR: foreign, MONGODB_URI: '' }), 'data folder', /nothing of CaaS/, /DATA_DIR/);
    expect(filesOf(foreign)).toEqual(['notes.txt']);
  });

  it('a full disk', async () => {
    if (process.getuid?.() !== 0) return console.info('not tried: to mount a small file system takes root');
    const small = folder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', small]);
    try {
      mkdirSync(join(small, 'storage'));
      writeFileSync(join(small, 'secrets-key'), 'k'.repeat(43));
      const free = 2 ** 20 - 32 * 1024;
      writeFileSync(join(small, 'filler'), Buffer.alloc(free));
      const examined = await doctor({ DATA_DIR: small });
      expectWrong(examined, 'disk', /0\.0 of 0\.0 GB/, /Make room/);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('a missing index', async () => {
    const mongo = await new MongoClient(process.env['MONGODB_URI']!).connect();
    const pro = await system.tenant('pro');
    const messages = mongo.db('caas_shared').collection(`${pro.id}_messages`);
    try {
      const [index] = (await messages.indexes()).filter(({ name }) => name !== '_id_');
      await messages.dropIndex(index!.name!);
      expectWrong(await doctor(), 'indexes', new RegExp(`${pro.id}\\.messages ${index!.name}`), /indexes sync/);
    } finally {
      await mongo.close();
    }
  });

  it('a job that is stuck, and jobs that nobody takes', async () => {
    const { commands } = redis;
    const id = randomUUID();
    try {
      await commands.lpush('bull:media:active', id);
      await commands.hset(`bull:media:${id}`, { name: 'process-file', processedOn: Date.now() - 10 * 60_000 });
      await commands.lpush('bull:references:wait', id);
      await commands.hset(`bull:references:${id}`, { name: 'refresh-references', timestamp: Date.now() - 10 * 60_000 });
      const examined = await doctor();
      expectWrong(examined, 'queue media', /process-file .* has no worker any more/, /worker runs/);
      expectWrong(examined, 'queue references', /1 jobs wait, the oldest for 10 minutes/, /worker runs/);
    } finally {
      await commands.del('bull:media:active', `bull:media:${id}`, 'bull:references:wait', `bull:references:${id}`);
    }
  });

  it('tools that are gone, and a scanner that is away', async () => {
    const CLAMAV_SOCKET = `127.0.0.1:${await freePort()}`;
    const examined = await doctor({ FFMPEG_PATH: '/nowhere', CLAMAV_SOCKET });
    expectWrong(examined, 'ffmpeg', /in none of \/nowhere/, /apt-get install ffmpeg/);
    expectWrong(examined, 'poppler', /PDFs have no preview/, /poppler-utils/);
    expectWrong(examined, 'clamd', /ECONNREFUSED/, /CLAMAV_SOCKET/);
  });

  it('a SECRETS_KEY that is too short, and one that is not the one of before', async () => {
    expect(tenant.id).toBeDefined();
    expectWrong(await doctor({ SECRETS_KEY: 'short' }), 'configuration', /SECRETS_KEY must have/, /README/);
    const examined = await doctor({ SECRETS_KEY: randomBytes(32).toString('hex') });
    expectWrong(examined, 'secrets', /encrypted with another SECRETS_KEY/, /SECRETS_KEY_PREVIOUS/);
  });

  it('a clock that is an hour off', async () => {
    const shift = join(folder(), 'shift.cjs');
    writeFileSync(shift, 'const now = Date.now; Date.now = () => now() + 3_600_000;');
    const examined = await doctor({}, [`--require ${shift}`]);
    expectWrong(examined, 'clock (mongodb)', /3600\.\d s behind/, /NTP/);
    expectWrong(examined, 'clock (redis)', /3600\.\d s behind/, /NTP/);
  });
});

/** Takes connections and says nothing. */
function silentServer(): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  server.on('close', () => undefined);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ server, port: (server.address() as { port: number }).port }));
  });
}
