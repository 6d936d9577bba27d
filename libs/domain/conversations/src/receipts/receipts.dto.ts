import { ApiProperty } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { IsId } from '#caas/platform/http';

export class MarkDto {
  @ApiProperty({ minimum: 0, description: 'at most the conversation’s last_seq' })
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq: number;
}

export class MarkOverSocketDto extends MarkDto {
  @IsId()
  conversation_id: string;
}
