import { ApiProperty } from '@nestjs/swagger';
import { UserReferenceView } from '#caas/domain/users';
import { IsId } from '#caas/platform/http';

export class TypingDto {
  @IsId()
  conversation_id: string;
}

class TypingView {
  @ApiProperty({ type: UserReferenceView })
  user: UserReferenceView;

  @ApiProperty({ format: 'date-time', description: 'when they have stopped, if nothing else is heard' })
  expires_at: string;
}

export class TypingListView {
  @ApiProperty({ type: [TypingView] })
  data: TypingView[];
}
