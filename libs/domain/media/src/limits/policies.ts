import { Injectable } from '@nestjs/common';
import { Settings } from '#caas/domain/settings';
import { CaasError, type RequestContext } from '#caas/kernel';
import { covers } from './ceilings';
import { mediaSettings } from './media.settings';

export interface MediaPolicy {
  /** The largest file, in bytes. */
  maxFileBytes: number;
  /** `image/png`, or `image/*` for all of a kind. */
  allowedTypes: readonly string[];
  /** The longest video or audio. */
  maxDurationSeconds: number;
}

/** What a tenant may upload: its settings, limited by its tier. */
@Injectable()
export class MediaPolicies {
  constructor(private readonly settings: Settings) {}

  /** @param ctx not of a transaction */
  async of(ctx: RequestContext): Promise<MediaPolicy> {
    const { max_file_bytes, allowed_types, max_duration_seconds } = await this.settings.of(ctx, mediaSettings);
    return { maxFileBytes: max_file_bytes, allowedTypes: allowed_types, maxDurationSeconds: max_duration_seconds };
  }

  /**
   * Checks what the client declares, before it sends any bytes; the worker checks again what it detects.
   * @param declaredType null when the client declares none
   * @throws CaasError `file_too_large` (413), `file_type_not_allowed` (415)
   */
  async check(
    ctx: RequestContext,
    { sizeBytes, declaredType }: { sizeBytes: number; declaredType: string | null },
  ): Promise<void> {
    const policy = await this.of(ctx);
    if (sizeBytes > policy.maxFileBytes) throw fileTooLarge(policy);
    if (declaredType === null || covers(policy.allowedTypes, declaredType)) return;
    throw new CaasError(
      'unsupported_media',
      'file_type_not_allowed',
      `Files of the type ${declaredType} are not taken.`,
    );
  }
}

export const fileTooLarge = ({ maxFileBytes }: MediaPolicy) =>
  new CaasError('too_large', 'file_too_large', `A file may have up to ${maxFileBytes} bytes.`);
