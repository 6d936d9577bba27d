/** Holds the import directions of .dependency-cruiser.cjs over the tree, and proves on a fixture that they can fail. */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const cruiser = join(root, 'node_modules/.bin/depcruise');
const config = join(root, '.dependency-cruiser.cjs');
const fixture = join(root, 'tools/checks/boundaries-fixture');
const FORBIDDEN_IN_FIXTURE = [
  'libs/kernel/src/index.ts',
  'libs/platform/concurrency/src/index.ts',
  'libs/domain/users/src/user.ts',
  'libs/domain/users/src/users.service.ts',
  'libs/domain/archive/src/index.ts',
  'libs/domain/usage/src/index.ts',
  // Two folders that name each other's types.
  'libs/domain/users/src/devices',
  'libs/domain/users/src/sessions',
];

function cruise(cwd: string, folders: string[]): { failed: boolean; output: string } {
  const arguments_ = ['--config', config, '--output-type', 'err', ...folders];
  const { status, stdout, stderr } = spawnSync(process.execPath, [cruiser, ...arguments_], { cwd, encoding: 'utf8' });
  return { failed: status !== 0, output: stdout + stderr };
}

const tree = cruise(root, ['apps', 'libs', 'test', 'tools']);
if (tree.failed) console.error(tree.output);

const broken = cruise(fixture, ['libs']);
const missed = FORBIDDEN_IN_FIXTURE.filter((file) => !broken.output.includes(`${file} →`));
for (const file of missed)
  console.error(`The boundaries let the forbidden import of the fixture's ${file} pass:\n${broken.output}`);

process.exitCode = tree.failed || missed.length > 0 ? 1 : 0;
if (process.exitCode === 0)
  console.log(`Boundaries hold; all ${FORBIDDEN_IN_FIXTURE.length} forbidden imports of the fixture are refused.`);
