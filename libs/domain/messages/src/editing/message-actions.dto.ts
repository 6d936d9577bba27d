import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ApiId,
  ApiMetadata,
  IsDisplayedTextOrBlank,
  IsId,
  IsMetadata,
  IsOpaqueText,
  MayBeAbsent,
  MayBeNull,
} from '#caas/platform/http';
import { MAX_TEXT_CODE_POINTS } from '../message/messages.settings';
import {
  AttachedFileDto,
  IsAttachments,
  IsClientMessageId,
  IsEncrypted,
  IsMentions,
} from '../message/message-fields.dto';

export class EditMessageDto {
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: MAX_TEXT_CODE_POINTS })
  @MayBeNull()
  @IsDisplayedTextOrBlank({ max: MAX_TEXT_CODE_POINTS })
  text?: string | null;

  @ApiMetadata()
  @MayBeNull()
  @IsMetadata()
  metadata?: Record<string, unknown> | null;

  @ApiPropertyOptional({ type: [String], example: ['ben'], description: 'external ids of members' })
  @MayBeAbsent()
  @IsMentions()
  mentions?: string[];

  @ApiPropertyOptional({ type: String, nullable: true, description: 'base64, opaque' })
  @MayBeNull()
  @IsEncrypted()
  encrypted?: string | null;

  @ApiPropertyOptional({ type: [AttachedFileDto], maxItems: 10, description: 'all that it then has' })
  @MayBeAbsent()
  @IsAttachments(0)
  attachments?: AttachedFileDto[];
}

export class ForwardMessageDto {
  @ApiId('the conversation that it goes to')
  @IsId()
  conversation_id: string;

  @ApiProperty({ maxLength: 64, description: 'yours: sending the same again answers the same message' })
  @IsClientMessageId()
  client_message_id: string;
}

/** A socket message has no path, so its body names the message. */
export class MessageOverSocketDto {
  @IsId()
  message_id: string;
}

export class EditMessageOverSocketDto extends EditMessageDto {
  @IsId()
  message_id: string;
}

export class ReactionOverSocketDto extends MessageOverSocketDto {
  @IsOpaqueText({ max: 64 })
  emoji: string;
}
