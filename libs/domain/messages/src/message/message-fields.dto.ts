import { ApiProperty } from '@nestjs/swagger';
import { IsExternalIdList, IsId, IsObjectList, IsOpaqueText } from '#caas/platform/http';
import { MAX_MENTIONS } from './mentions';

const MAX_ATTACHMENTS = 10;
const MAX_ENCRYPTED_CHARACTERS = 64 * 1024;

export const IsMentions = () => IsExternalIdList({ max: MAX_MENTIONS });

export const IsEncrypted = () =>
  IsOpaqueText({
    min: 4,
    max: MAX_ENCRYPTED_CHARACTERS,
    pattern: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    called: `base64, padded, of 4 to ${MAX_ENCRYPTED_CHARACTERS} characters`,
  });

/** The client's own id for a send. */
export const IsClientMessageId = () => IsOpaqueText({ max: 64 });

export class AttachedFileDto {
  @ApiProperty({ description: 'a file of yours that is whole; it may still be processed' })
  @IsId()
  file_id: string;
}

/** At most ten different files. @param min the smallest number allowed */
export const IsAttachments = (min: number) =>
  IsObjectList(() => AttachedFileDto, { min, max: MAX_ATTACHMENTS, keyOf: ({ file_id }) => file_id });
