import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface PlatformKey {
  key: string;
  /** Null when the key came from the environment: then it is in no file of ours. */
  file: string | null;
}

/**
 * The operator's key: from the environment, or kept in `DATA_DIR/platform-admin-key`, made there on first start. It is settled
 * before any process starts, so that all of them have the same one.
 */
export function platformKey(dataDir: string, fromEnvironment: string | undefined): PlatformKey {
  if (fromEnvironment) return { key: fromEnvironment, file: null };
  const file = join(dataDir, 'platform-admin-key');
  try {
    writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return { key: readFileSync(file, 'utf8').trim(), file };
}
