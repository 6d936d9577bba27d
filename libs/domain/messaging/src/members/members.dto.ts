import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsISO8601, IsString, Length } from 'class-validator';
import { ApiMetadata, IsMetadata, IsText, MayBeAbsent, MayBeNull } from '#caas/platform/http';
import { HISTORIES, type History } from '../persistence/conversation.schema';

export class AddMembersDto {
  @ApiProperty({ type: [String], example: ['ben'], description: 'external ids; all must exist, or nobody is added' })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(500)
  @IsString({ each: true })
  @Length(1, 128, { each: true })
  member_ids: string[];
}

export class ChangeConversationDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 256 })
  @MayBeNull()
  @IsText({ min: 1, max: 256 })
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
  @IsISO8601({ strict: true })
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
