import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectConfig, runtimeConfig, secretsOf, type ConfigOf } from '#caas/platform/config';

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Without this option, a truncated tag would be accepted, which is easier to forge. */
const WHOLE_TAG = { authTagLength: TAG_BYTES };

/** Encrypts secrets at rest (AES-256-GCM). A box names the key that closed it, so that keys can rotate. */
@Injectable()
export class SecretBox {
  private readonly keys = new Map<string, Buffer>();
  private readonly current: string;

  constructor(@InjectConfig(runtimeConfig) config: ConfigOf<typeof runtimeConfig>) {
    const { secretsKey, secretsKeyPrevious } = secretsOf(config);
    this.current = this.addKey(secretsKey);
    if (secretsKeyPrevious !== null) this.addKey(secretsKeyPrevious);
  }

  /** @param boundTo what the secret belongs to; a box moved to another record does not open */
  close(secret: string, boundTo: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keys.get(this.current)!, iv, WHOLE_TAG).setAAD(
      Buffer.from(boundTo),
    );
    const sealed = Buffer.concat([iv, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${this.current}.${sealed.toString('base64url')}`;
  }

  /** @throws Error when the key is not at hand, or the box was altered */
  open(box: string, boundTo: string): string {
    const [keyId = '', sealed = ''] = box.split('.');
    const key = this.keys.get(keyId);
    if (!key)
      throw new Error(
        `A secret was encrypted with the key ${keyId}, which is neither SECRETS_KEY nor SECRETS_KEY_PREVIOUS`,
      );
    const bytes = Buffer.from(sealed, 'base64url');
    const iv = bytes.subarray(0, IV_BYTES);
    const decipher = createDecipheriv('aes-256-gcm', key, iv, WHOLE_TAG).setAAD(Buffer.from(boundTo));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    return decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  }

  /** Whether it was closed by a key that is at hand. */
  knows(box: string): boolean {
    return this.keys.has(box.split('.')[0] ?? '');
  }

  private addKey(secret: string): string {
    const key = createHash('sha256').update(secret).digest();
    const id = createHash('sha256').update(key).digest('hex').slice(0, 8);
    this.keys.set(id, key);
    return id;
  }
}
