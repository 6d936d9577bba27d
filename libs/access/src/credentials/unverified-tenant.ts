import { Injectable } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { isTenantId, type TenantId } from '#caas/kernel';
import { ServerKeyStore } from '../ports';
import { keyIdOf } from './server-key';
import { MAX_TOKEN_CHARACTERS } from './user-token';

/** The tenant that a credential names, for decisions before it is verified. */
@Injectable()
export class UnverifiedTenant {
  constructor(private readonly serverKeys: ServerKeyStore) {}

  /** Null when the header names no tenant. The result is not verified. */
  async of(authorization: string): Promise<TenantId | null> {
    const [, credential] = /^bearer (\S+)$/i.exec(authorization) ?? [];
    if (credential === undefined || credential.length > MAX_TOKEN_CHARACTERS) return null;
    const keyId = keyIdOf(credential);
    if (keyId !== null) return (await this.serverKeys.find(keyId))?.tenantId ?? null;
    return tenantOfToken(credential);
  }
}

function tenantOfToken(token: string): TenantId | null {
  try {
    const { tid } = decodeJwt(token);
    return isTenantId(tid) ? tid : null;
  } catch {
    return null;
  }
}
