import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'bson';
import { MongoClient } from 'mongodb';
import { sharedSystem, waitFor } from '#caas/testing';
import { commandLine, commandsInTurn, COMMANDS, GROUPS } from '../support/command-line';

const NOBODY = 'f'.repeat(24);
const NO_TENANT = 'clnt_nosuchone';

const system = sharedSystem();
const caas = commandsInTurn(system, { ARCHIVE_TRUST: '300ms' });
/** With a database of its own, of which every byte can be compared. */
const tenant = system.session('enterprise', 'anna', 'ben');
let folder: string;
let conversation: string;
let mongo: MongoClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caas-commands-'));
  mongo = await new MongoClient(process.env['MONGODB_URI']!).connect();
  const room = await tenant.room('anna', ['ben']);
  for (const text of ['one', 'two', 'three']) await tenant.message('anna', room, { text });
  conversation = room.id;
  await tenant.token('ben');
});
afterAll(async () => {
  await mongo.close();
  await rm(folder, { recursive: true, force: true });
});

/** A right call of each command, in an order in which each finds what it needs. Some make what others take away. */
const made = { tenant: '', serverKey: '', session: '' };
const CALLS: Record<string, () => string[]> = {
  'tenants create': () => ['Made by hand', '--tier', 'free'],
  'tenants list': () => [],
  'tenants show': () => [tenant.id],
  'tenants rename': () => [tenant.id, 'Another name'],
  'tenants suspend': () => [made.tenant],
  'tenants activate': () => [made.tenant],
  'tenants tier': () => [made.tenant, 'starter'],
  'keys list': () => [tenant.id],
  'keys create': () => [tenant.id, 'server'],
  'keys revoke': () => [tenant.id, 'server', made.serverKey],
  'users list': () => ['--tenant', tenant.id, '--status', 'active', '--name', 'an'],
  'users show': () => ['anna', '--tenant', tenant.id],
  'users set': () => ['carl', '--tenant', tenant.id, '--name', 'Carl'],
  'users deactivate': () => ['ben', '--tenant', tenant.id],
  'users activate': () => ['ben', '--tenant', tenant.id],
  'sessions list': () => ['anna', '--tenant', tenant.id],
  'sessions revoke': () => ['anna', '--tenant', tenant.id, '--dry-run'],
  'settings show': () => ['--tenant', tenant.id],
  'settings grant': () => ['limits.sends_per_minute', '9000', '--tenant', tenant.id],
  'usage show': () => ['--tenant', tenant.id],
  'usage verify': () => ['--tenant', tenant.id],
  'usage recount': () => ['--tenant', tenant.id, '--dry-run'],
  'quotas set': () => ['--tenant', tenant.id, '--users', '1000', '--messages', 'unlimited', '--connections=tier'],
  'archive hold': () => ['--tenant', tenant.id, '--user', 'ben'],
  'archive run': () => ['--tenant', tenant.id, '--conversation', conversation, '--after-days', '0'],
  'archive status': () => ['--tenant', tenant.id],
  'archive verify': () => ['--tenant', tenant.id],
  'archive export': () => ['--tenant', tenant.id, '--to', join(folder, 'out')],
  'archive restore': () => ['--tenant', tenant.id, '--conversation', conversation, '--from-seq', '1', '--dry-run'],
  'archive erase': () => ['--tenant', tenant.id, '--user=anna', '--dry-run'],
  'messaging verify': () => ['--tenant', tenant.id],
  'media verify': () => ['--tenant', tenant.id],
  'indexes sync': () => ['--tenant', tenant.id, '--dry-run'],
  'audit-log list': () => ['--tenant', tenant.id, '--limit', '5'],
  'jobs queues': () => [],
  'jobs list': () => ['media', '--state', 'completed', '--limit', '3'],
  'jobs retry': () => ['media', '--tenant', tenant.id, '--dry-run'],
  'jobs remove': () => ['media', '--tenant', tenant.id, '--dry-run'],
  doctor: () => [],
  completion: () => ['bash'],
  'users delete': () => ['ben', '--tenant', tenant.id, '--yes'],
  'tenants delete': () => [made.tenant, '--yes'],
};

/** All that the control plane and the tenant's own database hold of it. */
async function everything(): Promise<string> {
  const digest = createHash('sha256');
  for (const { db, filter } of [
    { db: mongo.db(`caas_${tenant.id}`), filter: {} },
    { db: mongo.db('caas_platform'), filter: { $or: [{ tenant_id: tenant.id }, { _id: tenant.id as never }] } },
  ]) {
    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort();
    for (const name of names) {
      digest.update(name);
      const rows = db.collection(name).find(filter, { sort: { _id: 1 }, raw: false });
      for await (const row of rows) digest.update(serialize(row));
    }
  }
  return digest.digest('hex');
}

/** What right calls have set going in the background is done. */
async function settled(): Promise<void> {
  const outbox = mongo.db(`caas_${tenant.id}`).collection('outbox');
  await waitFor('nothing is left to do', 15_000, async () => (await outbox.countDocuments()) === 0);
}

const wordsOf = (path: string) => path.split(' ');
/** The same call with every name changed to one that nobody has. */
const misnamed = (words: string[]): string[] =>
  words.map((word) =>
    word === tenant.id || word === made.tenant
      ? NO_TENANT
      : word === conversation
        ? NOBODY
        : ['anna', 'ben', 'media', 'bash'].includes(word)
          ? 'nobodys'
          : word.replace(/^--user=anna$/, '--user=anna=typo'),
  );

it('has a right call of every command, and no other', () => {
  expect(Object.keys(CALLS).sort()).toEqual(COMMANDS.map(({ path }) => path).sort());
  expect(Object.keys(GROUPS).sort()).toEqual([...new Set(COMMANDS.map(({ path }) => wordsOf(path)[0]!))].sort());
});

describe.each(Object.keys(CALLS))('caas %s', (path) => {
  const command = COMMANDS.find((each) => each.path === path)!;

  it('does what it says, and answers in JSON with the names of the API', async () => {
    const end = await caas([...wordsOf(path), ...CALLS[path]!()]);
    // What is wrong with the shared system is not this suite's business.
    if (path !== 'doctor') expect([end.code, end.problem]).toEqual([0, null]);
    expect(end.found).not.toBeNull();
    const keys = JSON.stringify(end.found).match(/"[A-Za-z_]+":/g) ?? [];
    expect(keys.filter((key) => key === '"_id":' || /[a-z][A-Z]/.test(key))).toEqual([]);
    if (path === 'tenants create') made.tenant = end.found.id as string;
    if (path === 'keys create') made.serverKey = end.found.id as string;
  });

  it('is described at 80 columns', async () => {
    const { code, output } = await plain([...wordsOf(path), '-h']);
    expect(code).toBe(0);
    expect(output).toContain(`caas ${path}`);
    expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
    for (const name of Object.keys(command.options)) expect(output).toContain(`--${name}`);
  });

  it('changes nothing when it is written wrong, and says what is', async () => {
    const right = CALLS[path]!();
    await settled();
    const before = await everything();
    const option = await caas([...wordsOf(path), ...right, '--tennant', 'x']);
    expect([option.code, option.found, option.problem?.code]).toEqual([2, null, 'unknown_option']);
    expect(option.problem?.detail).toContain('--tennant');
    const word = await caas([...wordsOf(path), ...right, 'superfluous']);
    expect([word.code, word.problem?.code]).toEqual([2, 'usage']);
    if (wordsOf(path).length > 1) {
      const verb = await caas([wordsOf(path)[0]!, `${wordsOf(path)[1]}x`, ...right]);
      expect([verb.code, verb.problem?.code]).toEqual([2, 'unknown_command']);
    }
    const wrong = misnamed(right);
    if (wrong.join() !== right.join()) {
      const name = await caas([...wordsOf(path), ...wrong]);
      expect([path, name.code, name.found]).toEqual([path, 2, null]);
      expect(name.problem?.detail).toMatch(/no|not|is one of/i);
    }
    expect(await everything()).toBe(before);
  });
});

describe('a group', () => {
  it.each(Object.keys(GROUPS).filter((group) => !COMMANDS.some(({ path }) => path === group)))(
    '%s without a subcommand prints its help, and is a mistake',
    async (group) => {
      for (const words of [[group], [group, '--tenant', tenant.id, '--after-days', '0']]) {
        const { code, output } = await plain(words);
        expect(code).toBe(2);
        for (const { path } of COMMANDS.filter((each) => each.path.startsWith(`${group} `)))
          expect(output).toContain(`  ${wordsOf(path)[1]}`);
        expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
      }
      expect((await plain([group, '--help'])).code).toBe(0);
    },
  );
});

it('takes nothing before a command that belongs after it, and says in JSON that a group is no command', async () => {
  for (const words of [
    ['--bogus', 'tenants', 'list'],
    ['--tenant=clnt_abc123', 'users', 'list'],
    ['--json=1', 'doctor'],
  ])
    expect(await caas(words)).toMatchObject({ code: 2, found: null, problem: { code: 'unknown_option' } });
  expect(await caas(['tenants'])).toMatchObject({ code: 2, found: null, problem: { code: 'unknown_command' } });
  expect(await caas(['tennants'])).toMatchObject({ code: 2, problem: { code: 'unknown_command' } });
});

it('asks for --yes before what cannot be undone, and says whom it is about', async () => {
  for (const words of [
    ['archive', 'erase', '--tenant', tenant.id, '--user', 'anna'],
    ['users', 'delete', 'anna', '--tenant', tenant.id],
    ['tenants', 'delete', tenant.id],
  ]) {
    const { code, problem } = await caas(words);
    expect([code, problem?.code]).toEqual([2, 'not_confirmed']);
    expect(problem?.detail).toMatch(/anna|Another name/);
    const dry = await caas([...words, '--dry-run', '--yes']);
    expect(dry).toMatchObject({ code: 0, found: { dry_run: true } });
  }
  expect((await tenant.server().get('/v1/users/anna')).status).toBe(200);
});

it('starts as a process of its own, and answers --version and -V', async () => {
  const run = commandLine(system);
  expect(await run(['--version'])).toMatchObject({ code: 0, found: { version: expect.any(String) as string } });
  expect(await run(['tenants', 'show', tenant.id])).toMatchObject({ code: 0, found: { id: tenant.id } });
});

/** Without `--json`. */
const plain = (words: string[]) => caas.plain(words);

it.each(['bash', 'zsh'] as const)('completes commands, options and values in %s', async (shell) => {
  const { found } = await caas(['completion', shell]);
  const script = found.script as string;
  if (shell === 'zsh') return expect(script).toMatch(/bashcompinit/);
  const ask = (...words: string[]) => {
    const line = words.map((word) => JSON.stringify(word)).join(' ');
    const asked = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _caas; echo "\${COMPREPLY[*]}"`;
    return execFileSync('bash', ['-c', asked], { encoding: 'utf8' }).trim();
  };
  expect(ask('caas', 'ar')).toBe('archive');
  expect(ask('caas', 'archive', 'e')).toBe('export erase');
  expect(ask('caas', 'archive', 'erase', '--d')).toBe('--dry-run');
  expect(ask('caas', 'tenants', 'create', 'Acme', '--tier', 'e')).toBe('enterprise');
  expect(ask('caas', 'keys', 'create', tenant.id, 's')).toBe('server signing');
  expect(ask('caas', 'completion', 'z')).toBe('zsh');
});
