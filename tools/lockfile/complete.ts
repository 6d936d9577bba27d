/**
 * Names every platform's optional packages in package-lock.json.
 *
 * A registry mirror that lags behind offers a package before all of its platform builds (`…-darwin-arm64`, ...). npm then
 * writes a lock without them, and the next `npm ci` refuses that lock as incomplete. The parent's `optionalDependencies` give
 * the exact version, so the missing entries can be written without asking anybody: npm skips those of other platforms.
 *
 * Run after an `npm install` that the unit test beside this file complains about: `npm run lockfile`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface LockEntry {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

export interface Lockfile {
  packages: Record<string, LockEntry>;
}

export interface MissingPackage {
  name: string;
  version: string;
  dev: boolean;
}

const PLATFORMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'sunos', 'win32'];

/** The optional packages some entry asks for and the lock does not name, in the lock's order. */
export function missingOptionalPackages(lock: Lockfile): MissingPackage[] {
  const missing = new Map<string, MissingPackage>();
  for (const [location, entry] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (!resolves(lock, location, name)) missing.set(name, { name, version, dev: entry.dev ?? false });
    }
  }
  return [...missing.values()];
}

/** The lock with those packages named, entries sorted as npm sorts them. Throws for one whose version is a range. */
export function completed(lock: Lockfile): Lockfile {
  const packages = { ...lock.packages };
  for (const { name, version, dev } of missingOptionalPackages(lock)) {
    if (!/^\d/.test(version)) throw new Error(`${name}: "${version}" is a range, not a version; install it by hand`);
    packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
  }
  const byLocation = ([a]: [string, LockEntry], [b]: [string, LockEntry]) => a.localeCompare(b, 'en');
  return { ...lock, packages: Object.fromEntries(Object.entries(packages).sort(byLocation)) };
}

/** Node's resolution inside the lock: the package's own folder, then each folder above it. */
function resolves(lock: Lockfile, location: string, name: string): boolean {
  const parents = location
    .split('/node_modules/')
    .map((_, depth, parts) => parts.slice(0, depth + 1).join('/node_modules/'));
  return ['', ...parents].some((folder) => lock.packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]);
}

/** Platform packages are named `<what>-<os>-<cpu>[-<libc>]` throughout. */
function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu'> {
  const words = (name.split('/').at(-1) ?? name).split('-');
  const at = words.findIndex((word) => PLATFORMS.includes(word));
  const [os, cpu] = [words[at], words[at + 1]];
  return at < 0 ? {} : { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }) };
}

if (require.main === module) {
  const file = join(process.cwd(), 'package-lock.json');
  const lock = JSON.parse(readFileSync(file, 'utf8')) as Lockfile;
  const missing = missingOptionalPackages(lock);
  if (missing.length > 0) writeFileSync(file, `${JSON.stringify(completed(lock), null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} optional packages added`);
}
