import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min } from 'class-validator';
import {
  ApiMetadata,
  IsDisplayedText,
  IsDisplayName,
  IsMetadata,
  IsOpaqueText,
  IsTextList,
  MayBeAbsent,
  MayBeNull,
} from '#caas/platform/http';
import { GROUP_TYPES, type GroupType } from './group.schema';
import { ROLES, type Role } from '#caas/domain/conversations';

const DAY_S = 24 * 60 * 60;
const HISTORIES = ['all', 'joined'] as const;

export class CreateGroupDto {
  @ApiProperty({ maxLength: 256 })
  @IsDisplayName({ max: 256 })
  name: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2000 })
  @MayBeNull()
  @IsDisplayedText({ max: 2000 })
  description?: string | null;

  @ApiMetadata()
  @MayBeAbsent()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({
    enum: GROUP_TYPES,
    default: 'group',
    description: 'in a channel only moderators and above post',
  })
  @MayBeAbsent()
  @IsIn(GROUP_TYPES)
  type?: GroupType;

  @ApiPropertyOptional({ type: [String], example: ['ben'], description: 'external ids; you are its owner anyway' })
  @MayBeAbsent()
  @IsTextList({ max: 500, maxLength: 128, called: 'external ids' })
  member_ids?: string[];

  @ApiPropertyOptional({
    enum: HISTORIES,
    description: 'what new members see: all, or what is written after they joined',
  })
  @MayBeAbsent()
  @IsIn(HISTORIES)
  history?: (typeof HISTORIES)[number];
}

export class ChangeGroupDto {
  @ApiPropertyOptional({ maxLength: 256 })
  @MayBeAbsent()
  @IsDisplayName({ max: 256 })
  name?: string;

  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 2000 })
  @MayBeNull()
  @IsDisplayedText({ max: 2000 })
  description?: string | null;

  @ApiMetadata()
  @MayBeAbsent()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

export class GroupRoleDto {
  @ApiProperty({ enum: ROLES, description: '"owner" hands ownership on: who had it becomes an admin' })
  @IsIn(ROLES)
  role: Role;
}

export class BanDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500 })
  @MayBeNull()
  @IsDisplayedText({ max: 500 })
  reason?: string | null;
}

export class InviteDto {
  @ApiPropertyOptional({ minimum: 1, maximum: 365 * DAY_S, default: 7 * DAY_S, description: 'Seconds' })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(365 * DAY_S)
  expires_in?: number;

  @ApiPropertyOptional({ type: Number, nullable: true, minimum: 1, maximum: 100_000, description: 'Null: no limit' })
  @MayBeNull()
  @IsInt()
  @Min(1)
  @Max(100_000)
  max_uses?: number | null;
}

export class JoinDto {
  @ApiProperty({ description: 'of an invite' })
  @IsOpaqueText({ max: 64 })
  code: string;
}

/** A new invite. Only this answer contains its code. */
export class CreatedInviteView {
  @ApiProperty()
  id: string;

  @ApiProperty()
  group_id: string;

  @ApiProperty()
  code: string;

  @ApiProperty({ type: String, format: 'date-time' })
  expires_at: string;

  @ApiProperty({ type: Number, nullable: true })
  max_uses: number | null;

  @ApiProperty()
  uses: number;

  @ApiProperty({ type: String, format: 'date-time' })
  created_at: string;
}
