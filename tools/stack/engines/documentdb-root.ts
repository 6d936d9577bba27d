import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { lockFile } from '../process/lock';
import { boundToParent } from '../process/managed-process';
import type { Supervision } from '../process/supervision';
import { asRootOfItsOwn, withMountsOfItsOwn } from './chroot';
import { commandOf, lastLines, run, type SystemTool } from './system-packages';
import { SetupError } from '../process/setup-error';

/** Debian releases that carry the extension, in the order they are tried: the next stable one first, then unstable. */
const SUITES = ['forky', 'sid'];
const PACKAGE = 'postgresql-18-documentdb';
/** Changes whenever the way a root is built does, so that an old one in the cache is not taken for a new one. */
const LAYOUT = 'v1';
const LONGEST_BUILD_MS = 15 * 60_000;

/** `$XDG_CACHE_HOME/caas` or `~/.cache/caas`: shared by every checkout of this user. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'caas');
}

/** What building the root takes from the system; nothing once it is there. */
export function toolsToBuildRoot(): SystemTool[] {
  if (finishedRoot()) return [];
  return process.getuid?.() === 0 ? ['mmdebstrap', 'mount'] : ['mmdebstrap', 'mount', 'uidmap'];
}

/**
 * The folder of a minimal Debian with PostgreSQL 18 and DocumentDB in it, made on first use (about 40 s, 600 MB) and kept in
 * the user's cache. It holds no data and is mounted read-only, so any number of stacks use it at once.
 *
 * It is built in a temporary folder and renamed into place: half a root is never seen under the final name. A kernel lock lets
 * a second start wait for the first one's build instead of repeating it.
 */
export async function documentDbRoot(supervision: Building): Promise<string> {
  const already = finishedRoot();
  if (already) return join(already, 'root');

  mkdirSync(rootsFolder(), { recursive: true });
  const lock = await lockFile(join(rootsFolder(), 'lock'), LONGEST_BUILD_MS);
  if (!lock) {
    throw new SetupError(
      `another process has been building in ${rootsFolder()} for ${LONGEST_BUILD_MS / 60_000} minutes`,
    );
  }
  try {
    return join(finishedRoot() ?? (await build(rootsFolder(), supervision)), 'root');
  } finally {
    await lock.release();
  }
}

const rootsFolder = () => join(cacheFolder(), 'documentdb');

function finishedRoot(): string | undefined {
  return SUITES.map((suite) => rootPath(rootsFolder(), suite)).find((path) => existsSync(join(path, 'complete')));
}

const rootPath = (folder: string, suite: string) => join(folder, `${suite}-${process.arch}-${LAYOUT}`);

type Building = Pick<Supervision, 'progress' | 'signal'>;

async function build(folder: string, { progress, signal }: Building): Promise<string> {
  await removeUnfinished(folder);
  const mirror = await debianMirror();
  const failures: string[] = [];
  for (const suite of SUITES) {
    progress(`building the DocumentDB engine from Debian ${suite} (once; about a minute)`);
    const unfinished = await mkdtemp(join(folder, 'unfinished-'));
    const building = withMountsOfItsOwn(mmdebstrap(suite, join(unfinished, 'root'), mirror));
    const [command, ...args] = boundToParent(building);
    const { code, output } = await run(command, args, { signal });
    if (code === 0) {
      await writeFile(join(unfinished, 'complete'), '');
      await rename(unfinished, rootPath(folder, suite));
      return rootPath(folder, suite);
    }
    failures.push(`${suite}:\n${lastLines(output)}`);
  }
  await removeUnfinished(folder);
  throw new SetupError(
    `The embedded DocumentDB could not be built:\n${failures.join('\n')}\n\nSet MONGODB_URI to use a MongoDB of your own.`,
  );
}

const mmdebstrap = (suite: string, target: string, mirror: string | undefined) => [
  commandOf('mmdebstrap'),
  // Root over the ids that run it later, be they the machine's or those of a user namespace.
  '--mode=root',
  '--variant=apt',
  `--include=${PACKAGE}`,
  '--aptopt=Acquire::Check-Valid-Until "false"',
  // Documentation and translations are a third of the size, and nobody reads them in there.
  '--dpkgopt=path-exclude=/usr/share/doc/*',
  '--dpkgopt=path-exclude=/usr/share/man/*',
  '--dpkgopt=path-exclude=/usr/share/locale/*',
  // Where the data folder is mounted; everything else is read-only by then.
  '--customize-hook=mkdir "$1/data"',
  '--format=directory',
  suite,
  target,
  ...(mirror ? [mirror] : []),
];

/**
 * The Debian mirror this machine's own apt uses, so that a company's mirror is honoured here too. Undefined on a machine that is not Debian:
 * mmdebstrap then takes its own default.
 */
async function debianMirror(): Promise<string | undefined> {
  const { code, output } = await run('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI)',
    'Origin: Debian',
    'Label: Debian',
  ]);
  return code === 0
    ? output
        .split('\n')
        .find((line) => /^(https?|file|mirror)/.test(line))
        ?.trim()
    : undefined;
}

/** Left by a build that was killed. Only ever called under the lock, so nobody is at work in them. */
async function removeUnfinished(folder: string): Promise<void> {
  const [command, ...args] = asRootOfItsOwn([
    'sh',
    '-c',
    'rm -rf --one-file-system -- "$1"/unfinished-*',
    'sh',
    folder,
  ]);
  await run(command, args);
}
