import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { USER_STATUSES, type UserStatus } from '../../persistence/user.schema';
import { ApiId, ApiMetadata, IsDisplayName, IsMetadata, MayBeAbsent, MayBeNull } from '#caas/platform/http';

export const MAX_DISPLAY_NAME_LENGTH = 256;

/** Body of `PUT` and `PATCH /v1/users/:external_id`. What is left out stays as it is. */
export class ProfileDto {
  @ApiPropertyOptional({ minLength: 1, maxLength: MAX_DISPLAY_NAME_LENGTH, example: 'Anna Example' })
  @MayBeAbsent()
  @IsDisplayName({ max: MAX_DISPLAY_NAME_LENGTH })
  display_name?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Id of an uploaded file, or null' })
  @MayBeNull()
  @Matches(/^[0-9a-f]{24}$/, { message: 'must be the id of a file, 24 hexadecimal digits' })
  avatar_file_id?: string | null;

  @ApiMetadata()
  @MayBeAbsent()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({ enum: USER_STATUSES, description: 'Server key only. A deactivated user cannot sign in.' })
  @MayBeAbsent()
  @IsIn(USER_STATUSES)
  status?: UserStatus;
}

/** A user as every answer shows them. */
export class UserView {
  @ApiId('Id of the user')
  id: string;

  @ApiProperty({ example: 'anna', description: "The tenant's own id for the user" })
  external_id: string;

  @ApiProperty({ example: 'Anna Example' })
  display_name: string;

  @ApiId('Id of a file, or null', true)
  avatar_file_id: string | null;

  @ApiProperty({ type: 'object', additionalProperties: true })
  metadata: Record<string, unknown>;

  @ApiProperty({ enum: USER_STATUSES })
  status: UserStatus;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'To the minute. Null for one who never signed in, and for whoever that user blocks.',
  })
  last_seen_at: string | null;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}
