import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, Max, Min, ValidateBy } from 'class-validator';
import {
  ApiMetadata,
  IsDisplayedTextOrBlank,
  IsDisplayName,
  IsMetadata,
  MayBeAbsent,
  Nested,
} from '#caas/platform/http';
import { PollDto } from '../../polls/polls.dto';
import { MAX_TEXT_CODE_POINTS } from '../../messages/messages.settings';
import {
  AttachedFileDto,
  IsAttachments,
  IsClientMessageId,
  IsEncrypted,
  IsExternalIdList,
  IsId,
  IsMentions,
} from './message-fields';
import {
  CONVERSATION_TYPES,
  HISTORIES,
  type ConversationType,
  type History,
} from '../../persistence/conversation.schema';

const MAX_CONVERSATIONS = 1_000;

const IsPositions = () =>
  ValidateBy({
    name: 'isPositions',
    validator: {
      validate: (value: unknown) => {
        if (!isObject(value)) return false;
        const positions = Object.values(value);
        return positions.length <= MAX_CONVERSATIONS && positions.every(isPosition);
      },
      defaultMessage: () =>
        `must give { seq, rev }, whole numbers of 0 or more, for each of at most ${MAX_CONVERSATIONS} conversation ids`,
    },
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPosition = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length === 2 && isNumber(value.seq) && isNumber(value.rev);

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

export class SendMessageDto {
  @ApiProperty({ maxLength: 64, description: 'yours: sending the same again answers the same message' })
  @IsClientMessageId()
  client_message_id: string;

  @ApiPropertyOptional({
    enum: ['text', 'media', 'poll'],
    default: 'text',
    description: 'media has at least one attachment',
  })
  @MayBeAbsent()
  @IsIn(['text', 'media', 'poll'])
  type?: 'text' | 'media' | 'poll';

  @ApiPropertyOptional({ maxLength: MAX_TEXT_CODE_POINTS })
  @MayBeAbsent()
  @IsDisplayedTextOrBlank({ max: MAX_TEXT_CODE_POINTS })
  text?: string;

  @ApiPropertyOptional({ description: 'a message of the same conversation' })
  @MayBeAbsent()
  @IsId()
  reply_to_id?: string;

  @ApiPropertyOptional({ description: 'the message of the same conversation whose thread this belongs to' })
  @MayBeAbsent()
  @IsId()
  thread_root_id?: string;

  @ApiPropertyOptional({ type: [String], example: ['ben'], description: 'external ids of members' })
  @MayBeAbsent()
  @IsMentions()
  mentions?: string[];

  @ApiMetadata()
  @MayBeAbsent()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({ description: 'base64, opaque' })
  @MayBeAbsent()
  @IsEncrypted()
  encrypted?: string;

  @ApiPropertyOptional({ type: PollDto, description: 'with the type "poll", and only then' })
  @MayBeAbsent()
  @Nested(() => PollDto)
  poll?: PollDto;

  @ApiPropertyOptional({ type: [AttachedFileDto], minItems: 1, maxItems: 10 })
  @MayBeAbsent()
  @IsAttachments(1)
  attachments?: AttachedFileDto[];
}

/** Over a socket the conversation is in the message, for want of a path. */
export class SendMessageOverSocketDto extends SendMessageDto {
  @IsId()
  conversation_id: string;
}

export class SyncDto {
  @ApiProperty({
    type: Object,
    example: { '65a1b2c3d4e5f60718293a4b': { seq: 40, rev: 12 } },
    description: 'what you hold of each: all messages up to `seq`, and all changes up to `rev`',
  })
  @IsPositions()
  conversations: Record<string, { seq: number; rev: number }>;

  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 100 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: '`joined_page.next_cursor` of the answer before' })
  @MayBeAbsent()
  @IsId()
  joined_cursor?: string;
}
