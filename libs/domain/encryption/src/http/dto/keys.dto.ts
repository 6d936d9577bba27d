import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { IsObjectList, IsOpaqueText, MayBeAbsent, Nested } from '#caas/platform/http';

/** Signal's ids of keys have 24 bits, registration ids 14. */
const MAX_KEY_ID = 0xffffff;
const MAX_REGISTRATION_ID = 0x3fff;
const MAX_BATCH = 100;
/** Longer than any key, including private keys, which are refused with their own error code. */
const MAX_BASE64 = 4_300;

const KeyText = () => IsOpaqueText({ min: 0, max: MAX_BASE64 });

export class PublicKeyDto {
  @ApiProperty({ minimum: 0, maximum: MAX_KEY_ID })
  @IsInt()
  @Min(0)
  @Max(MAX_KEY_ID)
  key_id: number;

  @ApiProperty({ format: 'byte', description: 'with its type byte: 33 bytes of curve25519, 1,569 of Kyber-1024' })
  @KeyText()
  public_key: string;
}

export class SignedKeyDto extends PublicKeyDto {
  @ApiProperty({ format: 'byte', description: "64 bytes: the identity key's XEdDSA signature of `public_key`" })
  @KeyText()
  signature: string;
}

/** Body of `PUT /v1/users/me/devices/:device_id/keys`. */
export class KeysDto {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_REGISTRATION_ID })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(MAX_REGISTRATION_ID)
  registration_id?: number;

  @ApiPropertyOptional({ format: 'byte', description: '33 bytes that begin with 0x05' })
  @MayBeAbsent()
  @KeyText()
  identity_key?: string;

  @ApiPropertyOptional({ type: SignedKeyDto })
  @MayBeAbsent()
  @Nested(() => SignedKeyDto)
  signed_prekey?: SignedKeyDto;

  @ApiPropertyOptional({ type: SignedKeyDto })
  @MayBeAbsent()
  @Nested(() => SignedKeyDto)
  last_resort_kyber_prekey?: SignedKeyDto;

  @ApiPropertyOptional({ type: [PublicKeyDto], maxItems: MAX_BATCH })
  @MayBeAbsent()
  @IsObjectList(() => PublicKeyDto, { max: MAX_BATCH })
  one_time_prekeys?: PublicKeyDto[];

  @ApiPropertyOptional({ type: [SignedKeyDto], maxItems: MAX_BATCH })
  @MayBeAbsent()
  @IsObjectList(() => SignedKeyDto, { max: MAX_BATCH })
  one_time_kyber_prekeys?: SignedKeyDto[];
}

export class BundlesQuery {
  @ApiPropertyOptional({ description: 'only of this device of the user; all that have keys when absent' })
  @MayBeAbsent()
  @IsOpaqueText({ min: 0, max: 64 })
  device_id?: string;
}
