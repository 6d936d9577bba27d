import { ApiProperty, ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsIn, IsISO8601 } from 'class-validator';
import { MayBeAbsent, PageQueryDto } from '#caas/platform/http';
import { SendMessageDto } from '../http/dto/messaging.dto';
import { SCHEDULED_STATES, type ScheduledState } from '../persistence/scheduled-message.schema';

export class ScheduleMessageDto extends OmitType(SendMessageDto, ['client_message_id'] as const) {
  @ApiProperty({ format: 'date-time', description: 'in the future, at most 365 days ahead' })
  @IsISO8601({ strict: true })
  send_at: string;
}

export class ScheduledMessagesQuery extends PageQueryDto {
  @ApiPropertyOptional({ enum: SCHEDULED_STATES, description: 'only in this state; all when absent' })
  @MayBeAbsent()
  @IsIn(SCHEDULED_STATES)
  state?: ScheduledState;
}
