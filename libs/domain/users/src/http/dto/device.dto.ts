import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { DEVICE_PLATFORMS, type DevicePlatform } from '../../persistence/user-device.schema';
import { ApiId, IsDisplayName, IsOpaqueText, MayBeNull } from '#caas/platform/http';

/** Body of `PUT /v1/users/me/devices/:device_id`. */
export class DeviceDto {
  @ApiProperty({ enum: DEVICE_PLATFORMS })
  @IsIn(DEVICE_PLATFORMS)
  platform: DevicePlatform;

  @ApiPropertyOptional({
    type: String,
    nullable: true,
    maxLength: 4096,
    description: 'Left out: as it was. Null: none.',
  })
  @MayBeNull()
  @IsOpaqueText({ max: 4096 })
  push_token?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 128, example: "Anna's phone" })
  @MayBeNull()
  @IsDisplayName({ max: 128 })
  name?: string | null;
}

export class DeviceView {
  @ApiId('Id of the entry; requests name the device by `device_id`')
  id: string;

  @ApiProperty({ example: '1' })
  device_id: string;

  @ApiProperty({ enum: DEVICE_PLATFORMS })
  platform: DevicePlatform;

  @ApiProperty({ type: String, nullable: true })
  push_token: string | null;

  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}
