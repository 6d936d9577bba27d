import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IsDisplayedText, MayBeAbsent, PageQueryDto } from '#caas/platform/http';
import { CASE_STATUSES, DECISIONS, type CaseStatus, type DecisionKind } from './moderation-case.schema';
import { REASONS, type Reason } from './moderation-report.schema';

const MAX_WORDS = 1_000;

export class ReportDto {
  @ApiProperty({ enum: REASONS })
  @IsIn(REASONS)
  reason: Reason;

  @ApiPropertyOptional({ maxLength: MAX_WORDS, description: 'for the moderators' })
  @MayBeAbsent()
  @IsDisplayedText({ max: MAX_WORDS })
  detail?: string;
}

export class CasesQuery extends PageQueryDto {
  @ApiPropertyOptional({ enum: CASE_STATUSES, description: 'only these; all when absent' })
  @MayBeAbsent()
  @IsIn(CASE_STATUSES)
  status?: CaseStatus;
}

export class DecisionDto {
  @ApiProperty({
    enum: DECISIONS,
    description: 'ban_user: from the group in which the message was written. About a user: dismiss or deactivate_user',
  })
  @IsIn(DECISIONS)
  decision: DecisionKind;

  @ApiPropertyOptional({ maxLength: MAX_WORDS })
  @MayBeAbsent()
  @IsDisplayedText({ max: MAX_WORDS })
  note?: string;
}
