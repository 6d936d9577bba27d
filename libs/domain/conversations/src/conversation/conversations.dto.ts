import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ApiMetadata, IsDisplayName, IsExternalIdList, IsMetadata, MayBeAbsent } from '#caas/platform/http';
import { CONVERSATION_TYPES, HISTORIES, type ConversationType, type History } from '../store/conversation.schema';

export class CreateConversationDto {
  @ApiProperty({ enum: CONVERSATION_TYPES })
  @IsIn(CONVERSATION_TYPES)
  type: ConversationType;

  @ApiProperty({ type: [String], example: ['ben'], description: 'external ids; you are a member anyway' })
  @IsExternalIdList({ max: 500 })
  member_ids: string[];

  @ApiPropertyOptional({ maxLength: 256 })
  @MayBeAbsent()
  @IsDisplayName({ max: 256 })
  name?: string;

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
