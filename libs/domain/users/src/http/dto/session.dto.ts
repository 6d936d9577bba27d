import { ApiProperty } from '@nestjs/swagger';
import { DEVICE_PLATFORMS, type DevicePlatform } from '../../persistence/user-device.schema';
import { ApiId } from '#caas/platform/http';

export class SessionView {
  @ApiId('Id of the session, claim `sid` of its tokens')
  id: string;

  @ApiProperty({ type: String, nullable: true })
  device_id: string | null;

  @ApiProperty({ enum: DEVICE_PLATFORMS, nullable: true })
  platform: DevicePlatform | null;

  @ApiProperty({ type: String, nullable: true })
  name: string | null;

  @ApiProperty({ description: 'Is it the session of the token that asks?' })
  current: boolean;

  @ApiProperty({ format: 'date-time', description: 'When its last token expires' })
  expires_at: string;

  @ApiProperty({ format: 'date-time' })
  created_at: string;
}
