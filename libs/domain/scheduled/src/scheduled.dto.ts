import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsId, IsInstant, MayBeAbsent, MayBeNull, PageQueryDto } from '#caas/platform/http';
import { EditMessageDto, SendMessageDto } from '#caas/domain/messages';
import { SCHEDULED_STATES, type ScheduledState } from './scheduled-message.schema';

export class ScheduleMessageDto extends OmitType(SendMessageDto, ['client_message_id'] as const) {
  @ApiProperty({ format: 'date-time', description: 'in the future, at most 365 days ahead' })
  @IsInstant()
  send_at: string;
}

/** Null removes a field; an absent field stays as it is. */
export class ChangeScheduledMessageDto extends EditMessageDto {
  @ApiPropertyOptional({ format: 'date-time', description: 'in the future, at most 365 days ahead' })
  @MayBeAbsent()
  @IsInstant()
  send_at?: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'a message of the same conversation' })
  @MayBeNull()
  @IsId()
  reply_to_id?: string | null;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'the message whose thread this is to belong to' })
  @MayBeNull()
  @IsId()
  thread_root_id?: string | null;
}

export class ScheduledMessagesQuery extends PageQueryDto {
  @ApiPropertyOptional({ enum: SCHEDULED_STATES, description: 'only in this state; all when absent' })
  @MayBeAbsent()
  @IsIn(SCHEDULED_STATES)
  state?: ScheduledState;
}
