import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { TenantId } from '#caas/kernel';
import { Operator, PlatformRoute, type OperatorContext } from '#caas/access';
import { TenantIdParam } from '#caas/platform/http';
import { GrantsService } from '../grants.service';
import { changesOf, SECTIONS } from './sections';

const GRANTS = { type: 'object', properties: { granted: SECTIONS, values: SECTIONS } } as const;

@ApiTags('platform')
@ApiBearerAuth('platform')
@PlatformRoute()
@Controller('platform/v1/tenants/:id/settings')
export class GrantsController {
  constructor(private readonly grants: GrantsService) {}

  @Get()
  @ApiOperation({ summary: 'What operators have set for a tenant, and its settings as they hold' })
  @ApiOkResponse({ schema: GRANTS })
  get(@Operator() operator: OperatorContext, @TenantIdParam() id: TenantId) {
    return this.grants.get(operator, id);
  }

  @Patch()
  @ApiOperation({
    summary: 'A ceiling and default of the tenant’s own, above or below its tier’s; null takes it back',
  })
  @ApiBody({ schema: SECTIONS })
  @ApiOkResponse({ schema: GRANTS })
  change(@Operator() operator: OperatorContext, @TenantIdParam() id: TenantId, @Body() body: unknown) {
    return this.grants.change(operator, id, changesOf(body));
  }
}
