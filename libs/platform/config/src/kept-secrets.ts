import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigOf } from './config-section';
import type { runtimeConfig } from './runtime.config';

export const PLATFORM_KEY_FILE = 'platform-admin-key';
const SECRETS_KEY_FILE = 'secrets-key';

/** The platform key and the key of secrets: from the environment, or made once and kept in DATA_DIR (mode 0600). */
export interface Secrets {
  platformAdminKey: string;
  platformReadonlyKey: string | null;
  secretsKey: string;
  secretsKeyPrevious: string | null;
}

export function secretsOf(config: ConfigOf<typeof runtimeConfig>): Secrets {
  return {
    platformAdminKey: config.PLATFORM_ADMIN_KEY ?? kept(join(config.DATA_DIR, PLATFORM_KEY_FILE)),
    platformReadonlyKey: config.PLATFORM_READONLY_KEY,
    secretsKey: config.SECRETS_KEY ?? kept(join(config.DATA_DIR, SECRETS_KEY_FILE)),
    secretsKeyPrevious: config.SECRETS_KEY_PREVIOUS,
  };
}

/** Reads the secret in `file`, or makes it. Of two processes that start at once, one makes it and both read the same. */
function kept(file: string): string {
  const existing = read(file);
  if (existing) return existing;
  mkdirSync(join(file, '..'), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file)!;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
