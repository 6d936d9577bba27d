import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lockfile } from './complete';

const lock = JSON.parse(readFileSync(join(__dirname, '../../package-lock.json'), 'utf8')) as Lockfile;

/** Of a package, wherever it is installed. */
const versionsOf = (name: string) =>
  Object.entries(lock.packages).flatMap(([location, { version }]) =>
    location === `node_modules/${name}` || location.endsWith(`/node_modules/${name}`) ? [version!] : [],
  );

/** `ws` bounds the pongs that wait to be read since 8.23 (`maxPendingAutoPongs`); Engine.IO asks for such a one since 6.6.13. */
describe('What reads WebSockets', () => {
  it.each([
    ['ws', [8, 23, 0]],
    ['engine.io', [6, 6, 13]],
  ] as const)('is one %s, not older than %j', (name, [major, minor, patch]) => {
    const versions = versionsOf(name);
    expect(versions).toHaveLength(1);
    const [a, b, c] = versions[0]!.split('.').map(Number) as [number, number, number];
    expect(a).toBe(major);
    expect(b > minor || (b === minor && c >= patch)).toBe(true);
  });
});
