import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigurationError, type ConfigOf } from './config-section';
import type { operatorsConfig } from './operators.config';
import type { runtimeConfig } from './runtime.config';

/** In DATA_DIR; one line, base64url. */
export const PLATFORM_KEY_FILE = 'platform-admin-key';
export const SECRETS_KEY_FILE = 'secrets-key';
const KEY_BYTES = 32;

/** The keys that encrypt secrets at rest: from the environment, or generated once and stored in DATA_DIR (mode 0600). */
export class Secrets {
  constructor(
    /** At least 32 characters; encryption derives its key from them. */
    readonly secretsKey: string,
    /** The previous key, during a key rotation. */
    readonly secretsKeyPrevious: string | null,
  ) {}
}

/**
 * The configuration requires the key in production, so none is generated there.
 * @throws ConfigurationError when a kept key cannot be read or made
 */
export function secretsOf(config: ConfigOf<typeof runtimeConfig>): Secrets {
  const key = config.SECRETS_KEY ?? keptSecret(join(config.DATA_DIR, SECRETS_KEY_FILE));
  return new Secrets(key, config.SECRETS_KEY_PREVIOUS);
}

/**
 * The operators' keys, by the same rules.
 * @throws ConfigurationError when a kept key cannot be read or made
 */
export function operatorKeysOf(
  { DATA_DIR }: Pick<ConfigOf<typeof runtimeConfig>, 'DATA_DIR'>,
  config: ConfigOf<typeof operatorsConfig>,
): { admin: string; readonly: string | null } {
  const admin = config.PLATFORM_ADMIN_KEY ?? keptSecret(join(DATA_DIR, PLATFORM_KEY_FILE));
  return { admin, readonly: config.PLATFORM_READONLY_KEY };
}

/**
 * Reads the secret in `file`, or makes it (32 random bytes as base64url, mode 0600). Of processes that start at once, one makes it and all
 * read the same.
 * @throws ConfigurationError when the file cannot be read or made, or holds fewer than 16 characters
 */
export function keptSecret(file: string): string {
  try {
    const existing = read(file);
    if (existing !== null) return usable(existing, file);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Written completely under another name and then linked: the file appears only once, and with its whole content.
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
