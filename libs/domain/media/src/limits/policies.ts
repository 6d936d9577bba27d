import { Injectable } from '@nestjs/common';
import { CaasError, type RequestContext, type Tier } from '#caas/kernel';

const MB = 2 ** 20;
const GB = 2 ** 30;

export interface MediaPolicy {
  /** The largest file. */
  maxFileBytes: number;
  /** All files of the tenant together. */
  maxTotalBytes: number;
  /** `image/png`, or `image/*` for all of a kind. */
  allowedTypes: readonly string[];
}

/** Nothing that a machine would run. `application/octet-stream` is what clients send that encrypt their files. */
const ALLOWED_TYPES = [
  'image/*',
  'video/*',
  'audio/*',
  'text/plain',
  'text/csv',
  'text/markdown',
  'text/calendar',
  'text/vcard',
  'application/json',
  'application/octet-stream',
  'application/pdf',
  'application/rtf',
  'application/zip',
  'application/x-7z-compressed',
  'application/gzip',
  'application/epub+zip',
  'application/msword',
  'application/vnd.ms-excel',
  'application/vnd.ms-powerpoint',
  'application/vnd.openxmlformats-officedocument.*',
  'application/vnd.oasis.opendocument.*',
];

const BY_TIER: Record<Tier, Pick<MediaPolicy, 'maxFileBytes' | 'maxTotalBytes'>> = {
  free: { maxFileBytes: 25 * MB, maxTotalBytes: GB },
  starter: { maxFileBytes: 100 * MB, maxTotalBytes: 10 * GB },
  pro: { maxFileBytes: GB, maxTotalBytes: 100 * GB },
  enterprise: { maxFileBytes: 5 * GB, maxTotalBytes: 1024 * GB },
};

/** What a tenant may upload: by its tier. */
@Injectable()
export class MediaPolicies {
  of({ tenant }: RequestContext): MediaPolicy {
    return { ...BY_TIER[tenant.tier], allowedTypes: ALLOWED_TYPES };
  }

  /**
   * By what the client says, before it sends anything; the worker asks again with what it found.
   * @param declaredType null when the client says nothing
   * @throws CaasError `file_too_large` (413), `file_type_not_allowed` (415)
   */
  check(ctx: RequestContext, { sizeBytes, declaredType }: { sizeBytes: number; declaredType: string | null }): void {
    const policy = this.of(ctx);
    if (sizeBytes > policy.maxFileBytes) throw fileTooLarge(policy);
    if (declaredType === null || isAllowedType(policy, declaredType)) return;
    throw new CaasError(
      'unsupported_media',
      'file_type_not_allowed',
      `Files of the type ${declaredType} are not taken.`,
    );
  }
}

/** @param type without parameters, in lower case */
export function isAllowedType({ allowedTypes }: MediaPolicy, type: string): boolean {
  return allowedTypes.some((allowed) =>
    allowed.endsWith('*') ? type.startsWith(allowed.slice(0, -1)) : type === allowed,
  );
}

export const fileTooLarge = ({ maxFileBytes }: MediaPolicy) =>
  new CaasError('too_large', 'file_too_large', `A file may have up to ${maxFileBytes} bytes.`);
