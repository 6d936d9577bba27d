import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Preconditions, type TenantId, versioned } from '#caas/kernel';
import { Operator, PlatformRoute, type OperatorContext } from '#caas/access';
import { Conditional, EntityTag, TenantIdParam } from '#caas/platform/http';
import { GrantsService, type TenantGrants } from '../grants.service';
import { changesOf, SECTIONS } from './sections';

const GRANTS = { type: 'object', properties: { granted: SECTIONS, values: SECTIONS } } as const;

@ApiTags('platform')
@ApiBearerAuth('platform')
@PlatformRoute()
@Controller('platform/v1/tenants/:id/settings')
export class GrantsController {
  constructor(private readonly grants: GrantsService) {}

  @Get()
  @EntityTag()
  @ApiOperation({ summary: 'What operators have set for a tenant, and its settings as they hold' })
  @ApiOkResponse({ schema: GRANTS })
  async get(@Operator() operator: OperatorContext, @TenantIdParam() id: TenantId) {
    return view(await this.grants.get(operator, id));
  }

  @Patch()
  @ApiOperation({
    summary: 'A ceiling and default of the tenant’s own, above or below its tier’s; null takes it back',
  })
  @ApiBody({ schema: SECTIONS })
  @ApiOkResponse({ schema: GRANTS })
  async change(
    @Operator() operator: OperatorContext,
    @TenantIdParam() id: TenantId,
    @Body() body: unknown,
    @Conditional() preconditions: Preconditions,
  ) {
    return view(await this.grants.change(operator, id, changesOf(body), preconditions));
  }
}

const view = ({ version, ...grants }: TenantGrants) => versioned(grants, version);
