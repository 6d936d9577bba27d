import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsString, Matches, Max, Min } from 'class-validator';

export class MarkDto {
  @ApiProperty({ minimum: 0, description: 'at most the conversation’s last_seq' })
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq: number;
}

export class MarkOverSocketDto extends MarkDto {
  @IsString()
  @Matches(/^[0-9a-f]{24}$/, { message: 'must be an id of 24 hexadecimal digits' })
  conversation_id: string;
}
