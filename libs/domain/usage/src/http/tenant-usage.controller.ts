import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { parseTenantId } from '#caas/kernel';
import { Operator, PlatformRoute, type OperatorContext } from '#caas/access';
import { Placements, RequestContexts } from '#caas/tenancy';
import { UsageService } from '../usage.service';
import { TenantUsageView } from './dto/usage.dto';
import { viewOfUsage } from './usage.views';

@ApiTags('platform')
@ApiBearerAuth('platform')
@PlatformRoute()
@Controller('platform/v1/tenants/:id/usage')
export class TenantUsageController {
  constructor(
    private readonly contexts: RequestContexts,
    private readonly placements: Placements,
    private readonly usage: UsageService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'What a tenant uses of its quotas, month by month, and where its data lie' })
  @ApiOkResponse({ type: TenantUsageView })
  async get(@Operator() { requestId }: OperatorContext, @Param('id') id: string): Promise<TenantUsageView> {
    const ctx = await this.contexts.openFor(parseTenantId(id), { kind: 'system', name: 'operator' }, requestId);
    const usage = viewOfUsage(await this.usage.of(ctx));
    return { tenant_id: ctx.tenantId, ...usage, ...(await this.placements.describe(ctx.tenant)) };
  }
}
