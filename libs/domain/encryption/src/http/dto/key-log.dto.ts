import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { IsOpaqueText, MayBeAbsent, PageQueryDto } from '#caas/platform/http';
import { KEY_LOG_ACTIONS, type KeyLogAction } from '../../persistence/key-log.schema';

/** Below 2^53. */
const IsWhole = () => Matches(/^(0|[1-9]\d{0,14})$/, { message: 'must be a whole number' });

export class KeyLogQuery extends PageQueryDto {
  @ApiPropertyOptional({ description: 'only what is about this user' })
  @MayBeAbsent()
  @IsOpaqueText({ max: 128, called: 'an external id' })
  external_id?: string;
}

export class ProofQuery {
  @ApiPropertyOptional({ type: 'integer', description: 'of the entry to prove; without it, `first` is needed' })
  @MayBeAbsent()
  @IsWhole()
  index?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'an earlier size, to prove that nothing before it was changed' })
  @MayBeAbsent()
  @IsWhole()
  first?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'of the tree to prove it in; all of the log when absent' })
  @MayBeAbsent()
  @IsWhole()
  size?: string;
}

export class KeyLogEntryView {
  @ApiProperty()
  id: string;

  @ApiProperty()
  index: number;

  @ApiProperty({ format: 'date-time' })
  at: string;

  @ApiProperty({ enum: KEY_LOG_ACTIONS })
  action: KeyLogAction;

  @ApiProperty()
  user_id: string;

  @ApiProperty()
  device_id: string;

  @ApiProperty()
  signal_device_id: number;

  @ApiProperty({ type: String, format: 'byte', nullable: true })
  identity_key: string | null;

  @ApiProperty({
    format: 'byte',
    description:
      'SHA-256 of 0x00 and the JSON list ["caas-key-log-1", index, at, action, user_id, device_id, signal_device_id, identity_key]',
  })
  leaf_hash: string;

  @ApiProperty({
    format: 'byte',
    description: 'SHA-256 of the chain hash before (at first 32 zero bytes) and the leaf hash',
  })
  chain_hash: string;

  @ApiProperty({ type: [String], description: "RFC 6962's path from the leaf to `root_hash`, nearest first" })
  inclusion_proof: string[];
}

export class KeyLogView {
  @ApiProperty({ type: [KeyLogEntryView] })
  data: KeyLogEntryView[];

  @ApiProperty({ type: 'object', additionalProperties: true })
  page: object;

  @ApiProperty({ description: 'how many entries the log has' })
  size: number;

  @ApiProperty({ format: 'byte', description: 'of the Merkle tree over all of them (RFC 6962)' })
  root_hash: string;

  @ApiProperty({ format: 'byte', description: 'of the last of them' })
  chain_hash: string;
}
