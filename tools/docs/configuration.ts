/** Writes the configuration table into the README, or with `--check` fails when it is not what the code says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileLifecycleConfig, processingConfig } from '#caas/domain/media';
import { archiveConfig } from '#caas/domain/archive';
import { archivedConfig } from '#caas/domain/conversations';
import { presenceConfig } from '#caas/domain/presence';
import { configurationTable, operatorsConfig, runtimeConfig } from '#caas/platform/config';
import { monitoringConfig } from '#caas/platform/health';
import { httpConfig } from '#caas/platform/http';
import { limitsConfig } from '#caas/platform/limits';
import { loggingConfig } from '#caas/platform/logging';
import { realtimeConfig } from '#caas/platform/realtime';
import { storageConfig } from '#caas/platform/storage';
import { tenancyConfig } from '#caas/tenancy';
import { repositoryRoot } from '../stack/repository';

const BEGIN = '<!-- configuration: made by `npm run docs:configuration` -->';
const END = '<!-- /configuration -->';
const STACK_ROWS = [
  '| `API_PROCESSES` | `1` | `npm start`: how many apis, on `PORT`, `PORT`+1, … |',
  '| `WORKER_PROCESSES` | `1` | `npm start`: how many workers |',
];

const file = join(repositoryRoot(), 'README.md');
const readme = readFileSync(file, 'utf8');
const table = configurationTable([
  runtimeConfig,
  operatorsConfig,
  httpConfig,
  monitoringConfig,
  loggingConfig,
  tenancyConfig,
  realtimeConfig,
  storageConfig,
  presenceConfig,
  limitsConfig,
  archivedConfig,
  archiveConfig,
  fileLifecycleConfig,
  processingConfig,
]);
const before = readme.slice(0, readme.indexOf(BEGIN) + BEGIN.length);
const after = readme.slice(readme.indexOf(END));
const wanted = `${before}\n\n<!-- prettier-ignore-start -->\n${[table, ...STACK_ROWS].join('\n')}\n<!-- prettier-ignore-end -->\n\n${after}`;

if (!process.argv.includes('--check')) writeFileSync(file, wanted);
else if (wanted !== readme) {
  console.error('The configuration table of the README is not what the code says: npm run docs:configuration');
  process.exitCode = 1;
}
