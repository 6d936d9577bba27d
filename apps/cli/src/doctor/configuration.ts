import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { archiveConfig } from '#caas/domain/archive';
import { fileLifecycleConfig, processingConfig } from '#caas/domain/media';
import { archivedConfig } from '#caas/domain/conversations';
import { presenceConfig } from '#caas/domain/presence';
import {
  ConfigurationError,
  PLATFORM_KEY_FILE,
  readSection,
  runtimeConfig,
  SECRETS_KEY_FILE,
  type ConfigOf,
  type ConfigSection,
  type Environment,
} from '#caas/platform/config';
import { monitoringConfig } from '#caas/platform/health';
import { httpConfig } from '#caas/platform/http';
import { limitsConfig } from '#caas/platform/limits';
import { loggingConfig } from '#caas/platform/logging';
import { realtimeConfig } from '#caas/platform/realtime';
import { storageConfig } from '#caas/platform/storage';
import { tenancyConfig } from '#caas/tenancy';
import { ok, warning, wrong, type Finding } from './finding';

/** Null where a section has a problem: then what depends on it is looked at as far as it can be. */
export interface Configuration {
  dataDir: string;
  /** Without it the database is an embedded one, in the data folder. */
  isMongoGiven: boolean;
  runtime: ConfigOf<typeof runtimeConfig> | null;
  http: ConfigOf<typeof httpConfig> | null;
  storage: ConfigOf<typeof storageConfig> | null;
  processing: ConfigOf<typeof processingConfig> | null;
  archive: ConfigOf<typeof archiveConfig> | null;
  /** The key that stored secrets were encrypted with, from the environment or DATA_DIR; null when there is none. */
  secretsKey: string | null;
}

const OTHERS = [
  monitoringConfig,
  loggingConfig,
  tenancyConfig,
  realtimeConfig,
  limitsConfig,
  presenceConfig,
  archivedConfig,
  fileLifecycleConfig,
];

export function readConfiguration(environment: Environment): { config: Configuration; findings: Finding[] } {
  const problems: string[] = [];
  const read = <S extends ConfigSection>(section: S): ConfigOf<S> | null => {
    try {
      return readSection(section as never, environment) as ConfigOf<S>;
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      problems.push(...error.problems);
      return null;
    }
  };
  const config = {
    dataDir: resolve(environment.DATA_DIR || '.data'),
    isMongoGiven: Boolean(environment.MONGODB_URI),
    runtime: read(runtimeConfig as never) as Configuration['runtime'],
    http: read(httpConfig as never) as Configuration['http'],
    storage: read(storageConfig as never) as Configuration['storage'],
    processing: read(processingConfig as never) as Configuration['processing'],
    archive: read(archiveConfig as never) as Configuration['archive'],
  };
  for (const section of OTHERS) read(section as never);
  const keys = keysOf(config.dataDir, environment);
  const findings = problems.map((problem) =>
    wrong('configuration', problem, 'Correct it in the environment. The README lists every variable.'),
  );
  if (findings.length === 0) findings.push(ok('configuration', 'every variable can be read'));
  return { config: { ...config, secretsKey: keys.secretsKey }, findings: [...findings, keys.finding] };
}

/** Reads them where they are kept, and makes none. */
function keysOf(dataDir: string, environment: Environment): { secretsKey: string | null; finding: Finding } {
  const kept = (file: string) => keptKey(join(dataDir, file));
  const platformKey = environment.PLATFORM_ADMIN_KEY || kept(PLATFORM_KEY_FILE);
  const secretsKey = environment.SECRETS_KEY || kept(SECRETS_KEY_FILE);
  if (platformKey && secretsKey)
    return { secretsKey, finding: ok('keys', 'PLATFORM_ADMIN_KEY and SECRETS_KEY are there') };
  const missing = [platformKey ? null : 'PLATFORM_ADMIN_KEY', secretsKey ? null : 'SECRETS_KEY'].filter(Boolean);
  const hasData = statSync(join(dataDir, 'postgres'), { throwIfNoEntry: false }) !== undefined;
  if (environment.NODE_ENV === 'production' && secretsKey) {
    const detail = 'PLATFORM_ADMIN_KEY is not set: right for a worker, and an api does not start without it';
    return { secretsKey, finding: warning('keys', detail, 'Set it where an api runs.') };
  }
  if (environment.NODE_ENV !== 'production' && !hasData) {
    return { secretsKey, finding: ok('keys', `${missing.join(' and ')} will be made on the first start`) };
  }
  return {
    secretsKey,
    finding: wrong(
      'keys',
      `${missing.join(' and ')} is neither set nor kept in ${dataDir}`,
      'Set it, or name the DATA_DIR that it is kept in. Without the SECRETS_KEY of before, signing secrets cannot be read.',
    ),
  };
}

function keptKey(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch {
    return null;
  }
}
