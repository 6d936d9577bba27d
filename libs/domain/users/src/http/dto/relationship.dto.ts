import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import {
  RELATIONSHIP_STATUSES,
  RELATIONSHIP_TYPES,
  type RelationshipStatus,
  type RelationshipType,
} from '../../persistence/user-relationship.schema';
import { ApiId } from '#caas/platform/http';

/** Body of `PUT /v1/users/me/relationships/:external_id`. */
export class RelationshipDto {
  @ApiProperty({ enum: RELATIONSHIP_TYPES })
  @IsIn(RELATIONSHIP_TYPES)
  type: RelationshipType;
}

export class UserReferenceView {
  @ApiId('Id of the user')
  user_id: string;

  @ApiProperty({ example: 'ben' })
  user_external_id: string;

  @ApiProperty({ example: 'Ben Example' })
  user_display_name: string;
}

export class RelationshipView {
  @ApiId('Id of the entry')
  id: string;

  @ApiProperty({ enum: RELATIONSHIP_TYPES })
  type: RelationshipType;

  @ApiProperty({ enum: RELATIONSHIP_STATUSES, description: 'Friends: pending, accepted. A block or a mute: active.' })
  status: RelationshipStatus;

  @ApiProperty({ description: 'Did the actor ask? False for the friend request of somebody else.' })
  requested: boolean;

  @ApiProperty({ type: UserReferenceView, description: 'The other user' })
  user: UserReferenceView;

  @ApiProperty({ format: 'date-time' })
  created_at: string;

  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}
