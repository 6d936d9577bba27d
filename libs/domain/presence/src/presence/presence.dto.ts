import { ApiProperty } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { UserReferenceView } from '#caas/domain/users';
import { IsExternalIdList } from '#caas/platform/http';
import { CHOSEN_STATUSES, type ChosenStatus, type PresenceStatus } from './presence-status';
import { MAX_USERS_AT_ONCE } from './presence.service';

export class SetPresenceDto {
  @IsIn(CHOSEN_STATUSES)
  status: ChosenStatus;
}

export class GetPresenceDto {
  @IsExternalIdList({ min: 1, max: MAX_USERS_AT_ONCE })
  external_ids: string[];
}

const LIST = new RegExp(`^[^,]{1,128}(,[^,]{1,128}){0,${MAX_USERS_AT_ONCE - 1}}$`);

export class PresenceQuery {
  @ApiProperty({ example: 'ben,cleo', description: 'External ids, up to 100, separated by commas' })
  @Matches(LIST, { message: `must be 1 to ${MAX_USERS_AT_ONCE} external ids, separated by commas` })
  external_ids: string;
}

export class PresenceView {
  @ApiProperty({ type: UserReferenceView })
  user: UserReferenceView;

  @ApiProperty({
    enum: [...CHOSEN_STATUSES, 'offline'],
    description: '`invisible` only of oneself: to others it is `offline`, as is whoever blocks the asker',
  })
  status: PresenceStatus;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Of somebody who is seen to be there: now',
  })
  last_seen_at: string | null;
}

export class PresenceListView {
  @ApiProperty({ type: [PresenceView], description: 'In the order asked for, without those who are no users' })
  data: PresenceView[];
}
