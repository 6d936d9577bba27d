import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ObjectId } from 'bson';
import {
  forbidden,
  isObjectIdHex,
  isTenantId,
  newRequestId,
  notFound,
  type RequestContext,
  type TenantId,
} from '#caas/kernel';
import { UsersService } from '#caas/domain/users';
import { Secrets } from '#caas/platform/config';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';

/** The query parameters of a link besides `variant`. */
export const LINK_QUERY = ['tenant', 'by', 'expires', 'signature'] as const;

export interface LinkQuery {
  tenant?: string | undefined;
  /** The id of the user who created the link; absent when the tenant's server did. */
  by?: string | undefined;
  expires?: string | undefined;
  signature?: string | undefined;
}

/**
 * Signed links: they allow anyone to read one variant of one file without a credential, until they expire. A user's link works while
 * that user may see the file; a link of the tenant's server, while something uses the file. The key is derived (HKDF, RFC 5869) from
 * SECRETS_KEY and the tenant, so every process signs and verifies alike. During a key rotation, links signed with the previous key
 * remain valid.
 */
@Injectable()
export class FileLinks {
  constructor(
    private readonly secrets: Secrets,
    private readonly tenants: TenantDirectory,
    private readonly contexts: RequestContexts,
    private readonly users: UsersService,
  ) {}

  /** @param expiresAt in whole seconds */
  queryFor({ tenantId, actor }: RequestContext, fileId: string, variant: string, expiresAt: Date): string {
    const expires = String(expiresAt.getTime() / 1000);
    const by = actor.kind === 'user' ? actor.user.user_id.toHexString() : undefined;
    const signature = signatureOf(this.secrets.secretsKey, { tenantId, fileId, variant, by, expires });
    return new URLSearchParams({
      variant,
      tenant: tenantId,
      ...(by === undefined ? {} : { by }),
      expires,
      signature: signature.toString('base64url'),
    }).toString();
  }

  /**
   * Opens a context as the creator of the link, limited to reading the file that it names.
   * @throws CaasError 403 `link_invalid`, `link_expired`, `tenant_suspended`; 404 `file_not_found`
   */
  async open({ tenant, by, expires, signature }: LinkQuery, fileId: string, variant: string): Promise<RequestContext> {
    if (!isTenantId(tenant) || !/^\d{1,12}$/.test(expires ?? '')) throw invalidLink();
    if (by !== undefined && !isObjectIdHex(by)) throw invalidLink();
    const given = Buffer.from(signature ?? '', 'base64url');
    const signed = { tenantId: tenant, fileId, variant, by, expires: expires! };
    const keys = [this.secrets.secretsKey, this.secrets.secretsKeyPrevious].filter((key) => key !== null);
    if (!keys.some((key) => isEqual(given, signatureOf(key, signed)))) throw invalidLink();
    if (Number(expires) * 1000 <= Date.now()) throw forbidden('link_expired', 'This link has expired.');
    const found = await this.tenants.find(tenant);
    if (!found) throw notFound('file');
    if (found.status === 'suspended') throw forbidden('tenant_suspended', 'This tenant is suspended.');
    const ctx = this.contexts.open(found, { kind: 'system', name: 'file-link' }, newRequestId());
    if (by === undefined) return ctx;
    const user = await this.users.activeReference(ctx, new ObjectId(by));
    if (!user) throw notFound('file');
    return this.contexts.open(found, { kind: 'user', user, via: 'token', sessionId: null }, ctx.requestId);
  }
}

interface Signed {
  tenantId: TenantId;
  fileId: string;
  variant: string;
  by: string | undefined;
  expires: string;
}

function signatureOf(secret: string, { tenantId, fileId, variant, by, expires }: Signed): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `caas/file-links/${tenantId}`, 32));
  return createHmac('sha256', key)
    .update([tenantId, fileId, scopeOf(variant), expires, ...(by === undefined ? [] : [by])].join('\n'))
    .digest();
}

/** A link to a variant in a folder (`hls/index.m3u8`) covers the whole folder, because its files are played together. */
function scopeOf(variant: string): string {
  const slash = variant.indexOf('/');
  return slash === -1 ? variant : variant.slice(0, slash + 1);
}

const isEqual = (given: Buffer, right: Buffer) => given.length === right.length && timingSafeEqual(given, right);

const invalidLink = () => forbidden('link_invalid', 'This link is not one that was handed out.');
