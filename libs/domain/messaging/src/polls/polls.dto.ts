import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsISO8601,
  ValidateNested,
} from 'class-validator';
import { IsText, MayBeAbsent, PageQueryDto } from '#caas/platform/http';
import { IsId } from '../http/dto/message-fields';

const MAX_QUESTION = 300;
const MAX_OPTIONS = 10;
const MAX_OPTION = 100;

export class PollOptionDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_OPTION })
  @IsText({ min: 1, max: MAX_OPTION })
  text: string;
}

export class PollDto {
  @ApiProperty({ minLength: 1, maxLength: MAX_QUESTION })
  @IsText({ min: 1, max: MAX_QUESTION })
  question: string;

  @ApiProperty({ type: [PollOptionDto], minItems: 2, maxItems: MAX_OPTIONS, description: 'no two with the same text' })
  @IsArray()
  @ArrayMinSize(2)
  @ArrayMaxSize(MAX_OPTIONS)
  @ArrayUnique((option: PollOptionDto | null) => option?.text, { message: 'must differ from each other' })
  @ValidateNested({ each: true })
  @Type(() => PollOptionDto)
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
  @IsISO8601({ strict: true })
  closes_at?: string;
}

export class VoteDto {
  @ApiProperty({ type: [String], maxItems: MAX_OPTIONS, description: 'ids of options; none takes the vote back' })
  @IsArray()
  @ArrayMaxSize(MAX_OPTIONS)
  @ArrayUnique()
  @IsId({ each: true })
  option_ids: string[];
}

/** Over a socket the message is in the message, for want of a path. */
export class VoteOverSocketDto extends VoteDto {
  @IsId()
  message_id: string;
}

export class VotesQuery extends PageQueryDto {
  @ApiPropertyOptional({ description: 'only who voted for this option' })
  @MayBeAbsent()
  @IsId()
  option_id?: string;
}
