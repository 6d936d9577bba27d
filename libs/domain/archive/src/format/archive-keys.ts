import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { TenantId } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { archiveConfig } from '../archive.config';
import { ArchiveDamaged } from './lines';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const WHOLE_TAG = { authTagLength: TAG_BYTES };

/**
 * Encrypts blocks at rest (AES-256-GCM) when a master key is configured. Each tenant's key is derived from it by HKDF-SHA-256 with the
 * tenant's id. A block is bound to its place and cannot be decrypted elsewhere. Layout: `iv (12) | ciphertext | tag (16)`.
 */
@Injectable()
export class ArchiveKeys {
  private readonly masters = new Map<string, Buffer>();
  /** The master key used to encrypt; null: blocks are not encrypted. */
  readonly current: string | null;

  constructor(@InjectConfig(archiveConfig) config: ConfigOf<typeof archiveConfig>) {
    this.current = config.ARCHIVE_MASTER_KEY === null ? null : this.add(config.ARCHIVE_MASTER_KEY);
    if (config.ARCHIVE_MASTER_KEY_PREVIOUS !== null) this.add(config.ARCHIVE_MASTER_KEY_PREVIOUS);
  }

  close(tenantId: TenantId, keyId: string, place: string, bytes: Uint8Array): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keyOf(tenantId, keyId), iv, WHOLE_TAG).setAAD(Buffer.from(place));
    return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws ArchiveDamaged when the key is not configured, or the block does not authenticate */
  open(tenantId: TenantId, keyId: string, place: string, bytes: Buffer): Buffer {
    const key = this.keyOf(tenantId, keyId);
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES), WHOLE_TAG);
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw new ArchiveDamaged('A block was altered.', { cause: error });
    }
  }

  private keyOf(tenantId: TenantId, keyId: string): Buffer {
    const master = this.masters.get(keyId);
    if (!master) throw new ArchiveDamaged(`The master key ${keyId} is not at hand.`);
    return Buffer.from(hkdfSync('sha256', master, tenantId, 'caas-archive-v1', KEY_BYTES));
  }

  private add(secret: string): string {
    const master = createHash('sha256').update(secret).digest();
    const id = createHash('sha256').update(master).digest('hex').slice(0, 8);
    this.masters.set(id, master);
    return id;
  }
}
