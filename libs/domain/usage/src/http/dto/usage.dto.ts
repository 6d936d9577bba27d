import { ApiProperty } from '@nestjs/swagger';
import { QUOTAS, type Placement, type Quota } from '#caas/kernel';

class QuotaUseView {
  @ApiProperty({ minimum: 0, description: 'messages: sent in the period, deleted and archived ones too' })
  used: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: no limit' })
  limit: number | null;

  @ApiProperty({ type: 'string', nullable: true, example: '2026-11', description: 'the calendar month (UTC), or null' })
  period: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true, description: 'when the next period begins' })
  resets_at: string | null;
}

class QuotaUsesView implements Record<Quota, QuotaUseView> {
  @ApiProperty({ type: QuotaUseView, description: 'that are not deleted' })
  users: QuotaUseView;

  @ApiProperty({ type: QuotaUseView })
  messages: QuotaUseView;

  @ApiProperty({ type: QuotaUseView, description: 'files as they were uploaded, or are reserved by an upload' })
  storage_bytes: QuotaUseView;

  @ApiProperty({ type: QuotaUseView, description: 'sockets at this moment' })
  connections: QuotaUseView;
}

class MonthView {
  @ApiProperty({ example: '2026-11' })
  month: string;

  @ApiProperty({ type: 'integer' })
  messages: number;
}

class QuotaWarningView {
  @ApiProperty({ enum: QUOTAS })
  quota: Quota;

  @ApiProperty({ example: 80 })
  percent: number;

  @ApiProperty({ type: 'integer' })
  used: number;

  @ApiProperty({ type: 'integer' })
  limit: number;

  @ApiProperty({ example: '2026-11' })
  period: string;

  @ApiProperty({ format: 'date-time' })
  at: string;
}

export class UsageView {
  @ApiProperty({ type: QuotaUsesView })
  quotas: QuotaUsesView;

  @ApiProperty({ type: [MonthView], description: 'newest first, this one included' })
  months: MonthView[];

  @ApiProperty({ type: [QuotaWarningView], description: 'of this month, newest first' })
  warnings: QuotaWarningView[];
}

class CollectionView {
  @ApiProperty()
  name: string;

  @ApiProperty({ type: 'integer' })
  documents: number;
}

/** Additional fields for operators: where the data is stored. */
export class TenantUsageView extends UsageView {
  @ApiProperty({ example: 'clnt_acme01' })
  tenant_id: string;

  @ApiProperty({ enum: ['shared', 'prefixed', 'dedicated'] })
  placement: Placement;

  @ApiProperty({ example: 'caas_shared' })
  database: string;

  @ApiProperty({ type: [CollectionView], description: 'with how many of the tenant’s documents, deleted ones too' })
  collections: CollectionView[];
}
