import { Controller, Get, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { mapPage, parsePageRequest, parseTenantId } from '#caas/kernel';
import { PlatformRoute } from '#caas/access';
import { AllowQuery, PAGE_QUERY } from '#caas/platform/http';
import { AuditLog } from '../audit/audit-log.repository';

@ApiTags('platform')
@ApiBearerAuth('platform')
@PlatformRoute()
@Controller('platform/v1/audit-log')
export class AuditLogController {
  constructor(private readonly audit: AuditLog) {}

  /** Who did what to which tenant, newest first. */
  @Get()
  @AllowQuery(...PAGE_QUERY, 'tenant_id')
  async list(@Query() query: Record<string, string>) {
    const { tenant_id, ...paging } = query;
    const page = await this.audit.page(
      parsePageRequest(paging),
      tenant_id === undefined ? null : parseTenantId(tenant_id),
    );
    return mapPage(page, ({ _id, ...entry }) => ({ id: _id.toHexString(), ...entry }));
  }
}
