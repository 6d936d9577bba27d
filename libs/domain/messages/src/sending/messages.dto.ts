import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { ApiMetadata, IsDisplayedTextOrBlank, IsId, IsMetadata, MayBeAbsent, Nested } from '#caas/platform/http';
import { PollDto } from '../kinds/poll.dto';
import { KIND_TYPES, type KindType } from '../store/kind-contents';
import { MAX_TEXT_CODE_POINTS } from '../message/messages.settings';
import {
  AttachedFileDto,
  IsAttachments,
  IsClientMessageId,
  IsEncrypted,
  IsMentions,
} from '../message/message-fields.dto';

const SENT_TYPES = ['text', 'media', ...KIND_TYPES];

/** The body of a send, over REST and sockets alike. */
export class SendMessageDto {
  @ApiProperty({ maxLength: 64, description: 'yours: sending the same again answers the same message' })
  @IsClientMessageId()
  client_message_id: string;

  @ApiPropertyOptional({
    enum: SENT_TYPES,
    default: 'text',
    description: 'media has at least one attachment',
  })
  @MayBeAbsent()
  @IsIn(SENT_TYPES)
  type?: 'text' | 'media' | KindType;

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

/** A socket message has no path, so its body names the conversation. */
export class SendMessageOverSocketDto extends SendMessageDto {
  @IsId()
  conversation_id: string;
}
