import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Matches, Max, Min, ValidateIf } from 'class-validator';
import { DEVICE_PLATFORMS, type DevicePlatform } from '../../persistence/user-device.schema';
import { IsDisplayName, MayBeAbsent, MayBeNull, Nested } from '#caas/platform/http';

const DAY_S = 24 * 60 * 60;

export class TokenSessionDto {
  @ApiPropertyOptional({ description: 'A live session of the user that the new token continues' })
  @MayBeAbsent()
  @Matches(/^[0-9a-f]{24}$/, { message: 'must be the id of a session, 24 hexadecimal digits' })
  id?: string;

  @ApiPropertyOptional({ type: String, nullable: true, example: '1' })
  @MayBeNull()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be 1 to 64 of A-Z a-z 0-9 _ -' })
  device_id?: string | null;

  @ApiPropertyOptional({ enum: DEVICE_PLATFORMS, nullable: true })
  @MayBeNull()
  @IsIn(DEVICE_PLATFORMS)
  platform?: DevicePlatform | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 128, example: 'Firefox on Debian' })
  @MayBeNull()
  @IsDisplayName({ max: 128 })
  name?: string | null;
}

/** Body of `POST /v1/users/:external_id/tokens`. */
export class TokenDto {
  @ApiPropertyOptional({ minimum: 1, maximum: DAY_S, default: 3600, description: 'Seconds' })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(DAY_S)
  expires_in?: number;

  @ApiPropertyOptional({
    type: TokenSessionDto,
    description: 'Where the token will be used. False: a token without a session, which cannot be revoked by itself.',
  })
  @ValidateIf((_object, value) => value !== undefined && value !== false)
  @Nested(() => TokenSessionDto)
  session?: TokenSessionDto | false;
}

export class TokenView {
  @ApiProperty({ description: 'A JWT, to be sent as `Authorization: Bearer <token>`' })
  token: string;

  @ApiProperty({ format: 'date-time' })
  expires_at: string;

  @ApiProperty({ type: String, nullable: true, description: 'Claim `sid` of the token' })
  session_id: string | null;
}
