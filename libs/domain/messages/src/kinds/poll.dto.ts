import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { IsDisplayedText, IsDisplayName, IsInstant, IsObjectList, MayBeAbsent } from '#caas/platform/http';

const MAX_QUESTION = 300;
const MAX_OPTION = 100;
export const MAX_OPTIONS = 10;

export class PollOptionDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_OPTION })
  @IsDisplayName({ max: MAX_OPTION })
  text: string;
}

export class PollDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_QUESTION })
  @IsDisplayedText({ max: MAX_QUESTION })
  question: string;

  @ApiProperty({
    type: [PollOptionDto],
    minItems: 2,
    maxItems: MAX_OPTIONS,
    description: 'no two that read the same: letter case, blanks and compatibility forms make no difference',
  })
  @IsObjectList(() => PollOptionDto, { min: 2, max: MAX_OPTIONS })
  options: PollOptionDto[];

  @ApiPropertyOptional({ default: false, description: 'may one vote for several options?' })
  @MayBeAbsent()
  @IsBoolean()
  multiple?: boolean;

  @ApiPropertyOptional({ default: false, description: 'nobody learns who voted' })
  @MayBeAbsent()
  @IsBoolean()
  anonymous?: boolean;

  @ApiPropertyOptional({ format: 'date-time', description: 'in the future; from then on there are no more votes' })
  @MayBeAbsent()
  @IsInstant()
  closes_at?: string;
}
