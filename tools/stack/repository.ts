import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The checkout this file belongs to, whether it runs from `tools/` (in a test) or from `dist/tools/`. */
export function repositoryRoot(): string {
  let folder = __dirname;
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
    folder = parent;
  }
  return folder;
}

/** The compiled main file of an app. Throws with what to do when it has not been built. */
export function builtEntry(app: string): string {
  const entry = join(repositoryRoot(), 'dist', 'apps', app, 'src', 'main.js');
  if (!existsSync(entry)) throw new Error(`${entry} is missing: run \`npm run build\` first`);
  return entry;
}
