import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version in the package.json of this file, which may run from `libs/` or from `dist/libs/`. */
export function versionOfCaas(): string {
  for (let folder = __dirname; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
