import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { forbidden, unauthenticated } from '#caas/kernel';
import { InjectConfig, operatorKeysOf, operatorsConfig, runtimeConfig, type ConfigOf } from '#caas/platform/config';

export type PlatformRole = 'admin' | 'readonly';

/** The operators' keys, sent as a bearer token, or by browsers as the password of user `admin` (HTTP Basic). */
@Injectable()
export class PlatformKeys {
  private readonly admin: Buffer;
  private readonly readonly: Buffer | null;

  constructor(
    @InjectConfig(runtimeConfig) runtime: ConfigOf<typeof runtimeConfig>,
    @InjectConfig(operatorsConfig) config: ConfigOf<typeof operatorsConfig>,
  ) {
    const keys = operatorKeysOf(runtime, config);
    this.admin = digest(keys.admin);
    this.readonly = keys.readonly === null ? null : digest(keys.readonly);
  }

  /** @throws CaasError 401 `platform_key_required`, `platform_key_invalid`; 403 `readonly_key` for a change */
  verify(authorization: string | undefined, method: string): PlatformRole {
    const given = keyOf(authorization);
    if (given === null) throw unauthenticated('platform_key_required', 'This needs the platform key.');
    const hash = digest(given);
    if (timingSafeEqual(hash, this.admin)) return 'admin';
    if (!this.readonly || !timingSafeEqual(hash, this.readonly)) {
      throw unauthenticated('platform_key_invalid', 'The platform key is not valid.');
    }
    if (method !== 'GET' && method !== 'HEAD') throw forbidden('readonly_key', 'This key is for looking only.');
    return 'readonly';
  }
}

/** Digests are compared, so that the comparison takes the same time for keys of every length. */
const digest = (key: string) => createHash('sha256').update(key).digest();

function keyOf(authorization: string | undefined): string | null {
  const [scheme = '', value = ''] = authorization?.split(' ', 2) ?? [];
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return null;
  const [user, ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return user === 'admin' ? password.join(':') : '';
}
