import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IsObjectList, IsOpaqueText, IsTextList } from '#caas/platform/http';
import { MAX_MENTIONS } from '../../messages/mentions';

const MAX_ATTACHMENTS = 10;
const MAX_ENCRYPTED_CHARACTERS = 64 * 1024;

const ID = /^[0-9a-f]{24}$/;

/** An id in a body, as clients spell it. */
export const IsId = () => Matches(ID, { message: 'must be an id of 24 hexadecimal digits' });

/** Ids, each once. */
export const IsIdList = ({ max }: { max: number }) =>
  IsTextList({ max, maxLength: 24, pattern: ID, called: 'ids of 24 hexadecimal digits', unique: true });

/** External ids; whether there are such users is the service's question. */
export const IsExternalIdList = (size: { min?: number; max: number }) =>
  IsTextList({ ...size, maxLength: 128, called: 'external ids' });

export const IsMentions = () => IsExternalIdList({ max: MAX_MENTIONS });

export const IsEncrypted = () =>
  IsOpaqueText({
    min: 4,
    max: MAX_ENCRYPTED_CHARACTERS,
    pattern: /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    called: `base64, padded, of 4 to ${MAX_ENCRYPTED_CHARACTERS} characters`,
  });

/** The client's own name for a send. */
export const IsClientMessageId = () => IsOpaqueText({ max: 64 });

export class AttachedFileDto {
  @ApiProperty({ description: 'a file of yours that is whole; it may still be processed' })
  @IsId()
  file_id: string;
}

/** At most ten different files. @param min how few they may be */
export const IsAttachments = (min: number) =>
  IsObjectList(() => AttachedFileDto, { min, max: MAX_ATTACHMENTS, keyOf: ({ file_id }) => file_id });
