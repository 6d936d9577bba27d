import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of the package.json that this file belongs to, whether it runs from `libs/` or from `dist/libs/`. */
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
