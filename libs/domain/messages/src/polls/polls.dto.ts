import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsId, IsIdList, MayBeAbsent, PageQueryDto } from '#caas/platform/http';
import { MAX_OPTIONS } from '../kinds/poll.dto';

export class VoteDto {
  @ApiProperty({ type: [String], maxItems: MAX_OPTIONS, description: 'ids of options; none takes the vote back' })
  @IsIdList({ max: MAX_OPTIONS })
  option_ids: string[];
}

/** A socket message has no path, so its body names the message. */
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
