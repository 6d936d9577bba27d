import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError, type ConfigOf } from './config-section';
import type { runtimeConfig } from './runtime.config';

/** In DATA_DIR; one line, base64url. */
export const PLATFORM_KEY_FILE = 'platform-admin-key';
const SECRETS_KEY_FILE = 'secrets-key';
const KEY_BYTES = 32;

/** The keys of the installation itself: from the environment, or made once and kept in DATA_DIR (mode 0600). */
export class Secrets {
  constructor(
    readonly platformAdminKey: string,
    readonly platformReadonlyKey: string | null,
    /** At least 32 characters; encryption derives its key from them. */
    readonly secretsKey: string,
    /** The one before, while keys rotate. */
    readonly secretsKeyPrevious: string | null,
  ) {}
}

/**
 * The configuration guarantees that production gives both keys, so nothing is made up there.
 * @throws ConfigurationError when a kept key cannot be read or made
 */
export function secretsOf(config: ConfigOf<typeof runtimeConfig>): Secrets {
  const kept = (file: string) => keptSecret(join(config.DATA_DIR, file));
  return new Secrets(
    config.PLATFORM_ADMIN_KEY ?? kept(PLATFORM_KEY_FILE),
    config.PLATFORM_READONLY_KEY,
    config.SECRETS_KEY ?? kept(SECRETS_KEY_FILE),
    config.SECRETS_KEY_PREVIOUS,
  );
}

/** Reads the secret in `file`, or makes it. Of processes that start at once, one makes it and all read the same. */
function keptSecret(file: string): string {
  try {
    const existing = read(file);
    if (existing !== null) return usable(existing, file);
    mkdirSync(dirname(file), { recursive: true });
    // Written whole under another name, then linked: the name appears with its content, and only once.
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    writeFileSync(draft, `${randomBytes(KEY_BYTES).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    return usable(read(file) ?? '', file);
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError([`${file} cannot be read or made: ${(error as Error).message}`]);
  }
}

function usable(secret: string, file: string): string {
  if (secret.length >= 16) return secret;
  throw new ConfigurationError([`${file} holds no key; remove it to have a new one made`]);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
