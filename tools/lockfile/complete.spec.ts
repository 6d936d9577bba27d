import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { completed, missingOptionalPackages, type Lockfile } from './complete';

const lock = (packages: Lockfile['packages']): Lockfile => ({ packages });

describe('the package lock', () => {
  it('names every optional package, or `npm ci` refuses it (mend with `npm run lockfile`)', () => {
    const ours = JSON.parse(readFileSync(join(__dirname, '../../package-lock.json'), 'utf8')) as Lockfile;
    expect(missingOptionalPackages(ours)).toEqual([]);
  });
});

describe('completed', () => {
  const parent = {
    version: '1.2.3',
    dev: true,
    optionalDependencies: { '@x/core-darwin-arm64': '1.2.3', '@x/core-linux-x64-gnu': '1.2.3' },
  };

  it('adds what is missing with its platform, and leaves the rest alone', () => {
    const before = lock({
      'node_modules/@x/core': parent,
      'node_modules/@x/core-linux-x64-gnu': { version: '1.2.3', optional: true },
    });
    expect(completed(before).packages).toEqual({
      ...before.packages,
      'node_modules/@x/core-darwin-arm64': {
        version: '1.2.3',
        cpu: ['arm64'],
        dev: true,
        optional: true,
        os: ['darwin'],
      },
    });
    expect(missingOptionalPackages(completed(before))).toEqual([]);
  });

  it('finds a package nested below the one that asks for it, or beside it', () => {
    const nested = lock({
      'node_modules/a/node_modules/@x/core': parent,
      'node_modules/a/node_modules/@x/core-darwin-arm64': { version: '1.2.3' },
      'node_modules/a/node_modules/@x/core/node_modules/@x/core-linux-x64-gnu': { version: '1.2.3' },
    });
    expect(missingOptionalPackages(nested)).toEqual([]);
  });

  it('does not invent a version for a range', () => {
    expect(() => completed(lock({ 'node_modules/a': { optionalDependencies: { b: '^1.0.0' } } }))).toThrow(/range/);
  });
});
