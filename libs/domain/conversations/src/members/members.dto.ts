import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn } from 'class-validator';
import {
  ApiMetadata,
  IsDisplayName,
  IsExternalIdList,
  IsInstant,
  IsMetadata,
  MayBeAbsent,
  MayBeNull,
} from '#caas/platform/http';
import { HISTORIES, type History } from '../store/conversation.schema';

export class AddMembersDto {
  @ApiProperty({ type: [String], example: ['ben'], description: 'external ids; all must exist, or nobody is added' })
  @IsExternalIdList({ min: 1, max: 500 })
  member_ids: string[];
}

export class ChangeConversationDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 256 })
  @MayBeNull()
  @IsDisplayName({ max: 256 })
  name?: string | null;

  @ApiMetadata()
  @MayBeAbsent()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({
    enum: HISTORIES,
    description: 'what new members see: all, or what is written after they joined',
  })
  @MayBeAbsent()
  @IsIn(HISTORIES)
  history?: History;
}

export class PreferencesDto {
  @ApiPropertyOptional({ type: String, nullable: true, format: 'date-time', description: 'null: not muted' })
  @MayBeNull()
  @IsInstant()
  muted_until?: string | null;

  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsBoolean()
  pinned?: boolean;

  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsBoolean()
  archived?: boolean;
}
