import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentDbRoot } from './documentdb-root';

/** A stand-in for mmdebstrap, which needs the network and half a minute: it notes its suite and makes the folder it is given. */
const MMDEBSTRAP = `#!/bin/sh
for word; do case $word in forky|sid) suite=$word;; */root) root=$word;; esac; done
echo "$suite" >> "$BUILDS"
mkdir "$root" && echo "$suite" > "$root/suite"
[ "$suite" != "$LACKS" ] || { echo "E: Unable to locate package"; exit 25; }
sleep "\${SLOW:-0}"
`;

describe('documentDbRoot', () => {
  let folder: string;
  const before = { ...process.env };
  const progress: string[] = [];
  const building = () => ({ progress: (line: string) => progress.push(line), signal: new AbortController().signal });
  const builds = () =>
    existsSync(join(folder, 'builds')) ? readFileSync(join(folder, 'builds'), 'utf8').trim().split('\n') : [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caas-root-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'mmdebstrap'), MMDEBSTRAP);
    chmodSync(join(folder, 'bin', 'mmdebstrap'), 0o755);
    Object.assign(process.env, {
      PATH: `${join(folder, 'bin')}:${before['PATH']}`,
      XDG_CACHE_HOME: join(folder, 'cache'),
      BUILDS: join(folder, 'builds'),
      LACKS: 'none',
    });
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(folder, { recursive: true });
  });

  it('is built once and found from then on', async () => {
    const root = await documentDbRoot(building());
    expect(readFileSync(join(root, 'suite'), 'utf8')).toBe('forky\n');
    await expect(documentDbRoot(building())).resolves.toBe(root);
    expect(builds()).toEqual(['forky']);
  });

  it('is built once when two starts want it at the same time', async () => {
    process.env['SLOW'] = '0.3';
    const [one, two] = await Promise.all([documentDbRoot(building()), documentDbRoot(building())]);
    expect(one).toBe(two);
    expect(builds()).toEqual(['forky']);
  });

  it('falls back to sid where forky lacks the extension', async () => {
    process.env['LACKS'] = 'forky';
    const root = await documentDbRoot(building());
    expect(readFileSync(join(root, 'suite'), 'utf8')).toBe('sid\n');
  });

  it('is not taken for finished when its build was given up, and is built again', async () => {
    process.env['SLOW'] = '30';
    const abort = new AbortController();
    const first = documentDbRoot({ progress: () => undefined, signal: abort.signal });
    const started = setInterval(() => builds().length > 0 && abort.abort(new Error('enough')), 20);
    await expect(first).rejects.toThrow('enough');
    clearInterval(started);

    delete process.env['SLOW'];
    await documentDbRoot(building());
    expect(builds()).toEqual(['forky', 'forky']);
    expect(readdirSync(join(folder, 'cache', 'caas', 'documentdb')).sort()).toEqual([
      `forky-${process.arch}-v1`,
      'lock',
    ]);
  });

  it('says what went wrong when no suite can be had, and what to do instead', async () => {
    process.env['LACKS'] = 'forky';
    writeFileSync(join(folder, 'bin', 'mmdebstrap'), '#!/bin/sh\necho "E: no network"; exit 1\n');
    await expect(documentDbRoot(building())).rejects.toThrow(/E: no network[\s\S]*Set MONGODB_URI/);
    expect(readdirSync(join(folder, 'cache', 'caas', 'documentdb'))).toEqual(['lock']);
  });
});
