import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { IsId, MayBeAbsent } from '#caas/platform/http';

const MAX_CONVERSATIONS = 1_000;

const IsPositions = () =>
  ValidateBy({
    name: 'isPositions',
    validator: {
      validate: (value: unknown) => {
        if (!isObject(value)) return false;
        const positions = Object.values(value);
        return positions.length <= MAX_CONVERSATIONS && positions.every(isPosition);
      },
      defaultMessage: () =>
        `must give { seq, rev }, whole numbers of 0 or more, for each of at most ${MAX_CONVERSATIONS} conversation ids`,
    },
  });

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isNumber = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isPosition = (value: unknown): boolean =>
  isObject(value) && Object.keys(value).length === 2 && isNumber(value.seq) && isNumber(value.rev);

export class SyncDto {
  @ApiProperty({
    type: Object,
    example: { '65a1b2c3d4e5f60718293a4b': { seq: 40, rev: 12 } },
    description: 'what you hold of each: all messages up to `seq`, and all changes up to `rev`',
  })
  @IsPositions()
  conversations: Record<string, { seq: number; rev: number }>;

  @ApiPropertyOptional({ minimum: 1, maximum: 100, default: 100 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(100)
  limit?: number;

  @ApiPropertyOptional({ description: '`joined_page.next_cursor` of the answer before' })
  @MayBeAbsent()
  @IsId()
  joined_cursor?: string;
}
