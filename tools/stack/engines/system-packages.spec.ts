import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureInstalled, installIfPossible } from './system-packages';

/** A stand-in for apt-get: it notes how it was called, and its install makes the command. */
const APT_GET = `#!/bin/sh
echo "$*" >> "$APT_LOG"
case "$*" in
  *Check-Valid-Until=false*update*) ;;
  *update*) exit "\${UPDATE_FAILS:-0}";;
  *install*) [ -z "$INSTALL_FAILS" ] || { echo "E: no such package"; exit 100; }; cp /bin/true "$BIN/redis-server";;
esac
`;

describe('ensureInstalled', () => {
  let bin: string;
  const before = { ...process.env };
  const supervision = () => ({ progress: () => undefined, signal: new AbortController().signal });
  const calls = () => readFileSync(join(bin, 'apt.log'), 'utf8').trim().split('\n');
  const asUser = (uid: number) => jest.spyOn(process, 'getuid').mockReturnValue(uid);

  beforeEach(() => {
    bin = mkdtempSync(join(tmpdir(), 'caas-apt-'));
    writeFileSync(join(bin, 'apt-get'), APT_GET);
    chmodSync(join(bin, 'apt-get'), 0o755);
    for (const tool of ['sh', 'cp']) symlinkSync(`/bin/${tool}`, join(bin, tool));
    Object.assign(process.env, { PATH: bin, BIN: bin, APT_LOG: join(bin, 'apt.log') });
  });
  afterEach(() => {
    process.env = { ...before };
    jest.restoreAllMocks();
    rmSync(bin, { recursive: true });
  });

  it('updates, then installs what is missing, as root; and nothing the second time', async () => {
    asUser(0);
    await ensureInstalled(['redis'], supervision());
    await ensureInstalled(['redis'], supervision());
    expect(calls()).toEqual([expect.stringMatching(/update$/), expect.stringMatching(/install -y .*redis-server$/)]);
  });

  it('gives anyone else the exact command, and touches nothing', async () => {
    asUser(1000);
    await expect(ensureInstalled(['redis', 'mmdebstrap'], supervision())).rejects.toThrow(
      "sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends redis-server mmdebstrap'",
    );
    expect(calls).toThrow(/ENOENT/);
  });

  it('goes on without what it can do without, and says so', async () => {
    asUser(1000);
    const said: string[] = [];
    const telling = { ...supervision(), progress: (line: string) => void said.push(line) };
    await installIfPossible(['ffmpeg'], 'no videos', telling);
    expect(said).toEqual([expect.stringMatching(/^no videos: .*ffmpeg/)]);
  });

  it('tries a mirror that is some days old without looking at the dates', async () => {
    asUser(0);
    process.env['UPDATE_FAILS'] = '100';
    await ensureInstalled(['redis'], supervision());
    expect(calls()[1]).toContain('Acquire::Check-Valid-Until=false');
  });

  it('shows what apt said when it could not', async () => {
    asUser(0);
    process.env['INSTALL_FAILS'] = '1';
    await expect(ensureInstalled(['redis'], supervision())).rejects.toThrow(/E: no such package[\s\S]*sudo sh -c/);
  });
});
