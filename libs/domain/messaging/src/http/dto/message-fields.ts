import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';
import { MAX_MENTIONS } from '../../messages/mentions';

const MAX_ATTACHMENTS = 10;
const MAX_ENCRYPTED_CHARACTERS = 64 * 1024;

/** An id in a body, as clients spell it. */
export const IsId = ({ each = false } = {}) =>
  Matches(/^[0-9a-f]{24}$/, { each, message: `must be ${each ? 'ids' : 'an id'} of 24 hexadecimal digits` });

/** External ids; whether they are members is the service's question. */
export const IsMentions = () =>
  applyDecorators(IsArray(), ArrayMaxSize(MAX_MENTIONS), IsString({ each: true }), Length(1, 128, { each: true }));

export const IsEncrypted = () =>
  applyDecorators(
    IsString(),
    Length(4, MAX_ENCRYPTED_CHARACTERS),
    Matches(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, { message: 'must be base64, padded' }),
  );

export class AttachedFileDto {
  @ApiProperty({ description: 'a file of yours that is whole; it may still be processed' })
  @IsId()
  file_id: string;
}

/** At most ten different files. @param min how few they may be */
export const IsAttachments = (min: number) =>
  applyDecorators(
    IsArray(),
    ArrayMinSize(min),
    ArrayMaxSize(MAX_ATTACHMENTS),
    ArrayUnique((file: AttachedFileDto | null) => file?.file_id),
    ValidateNested({ each: true }),
    Type(() => AttachedFileDto),
  );
