import { Injectable } from '@nestjs/common';
import { Settings } from '#caas/domain/settings';
import { CaasError, type RequestContext } from '#caas/kernel';
import { covers } from './ceilings';
import { mediaSettings } from './media.settings';

export interface MediaPolicy {
  /** The largest file. */
  maxFileBytes: number;
  /** `image/png`, or `image/*` for all of a kind. */
  allowedTypes: readonly string[];
  /** Of a video or an audio. */
  maxDurationSeconds: number;
}

/** What a tenant may upload: as it has set, up to what its tier allows. */
@Injectable()
export class MediaPolicies {
  constructor(private readonly settings: Settings) {}

  /** @param ctx not of a transaction */
  async of(ctx: RequestContext): Promise<MediaPolicy> {
    const { max_file_bytes, allowed_types, max_duration_seconds } = await this.settings.of(ctx, mediaSettings);
    return { maxFileBytes: max_file_bytes, allowedTypes: allowed_types, maxDurationSeconds: max_duration_seconds };
  }

  /**
   * By what the client says, before it sends anything; the worker asks again with what it found.
   * @param declaredType null when the client says nothing
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
