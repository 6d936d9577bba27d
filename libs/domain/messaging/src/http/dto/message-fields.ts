import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsString, Length, Matches } from 'class-validator';
import { MAX_MENTIONS } from '../../messages/mentions';

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
