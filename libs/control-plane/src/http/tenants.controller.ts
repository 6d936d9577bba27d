import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { invalid, isTenantId, mapPage, parsePageRequest, parseTenantId, Preconditions, type Page } from '#caas/kernel';
import { Operator, PlatformRoute, type OperatorContext } from '#caas/access';
import { AllowQuery, Conditional, EntityTag, NoStore, PAGE_QUERY } from '#caas/platform/http';
import { TenantServerKeys } from '../keys/server-keys.repository';
import { TenantSigningKeys } from '../keys/signing-keys.repository';
import { TenantsService } from '../tenants/tenants.service';
import {
  ChangeTierDto,
  CreateSigningKeyDto,
  CreateTenantDto,
  publicKeyText,
  QuotasDto,
  UpdateTenantDto,
} from './dto/tenants.dto';
import {
  CreatedTenantView,
  ServerKeysView,
  ServerKeyView,
  SigningKeysView,
  SigningKeyView,
  TenantView,
} from './dto/tenant-views';
import { presentTenant } from './tenant.presenter';

@ApiTags('platform')
@ApiBearerAuth('platform')
@PlatformRoute()
@Controller('platform/v1/tenants')
export class TenantsController {
  constructor(
    private readonly tenants: TenantsService,
    private readonly serverKeys: TenantServerKeys,
    private readonly signingKeys: TenantSigningKeys,
  ) {}

  /** Makes a tenant with its placement and all its indexes. The keys are in this answer and nowhere else. */
  @Post()
  @NoStore()
  @ApiCreatedResponse({ type: CreatedTenantView })
  async create(@Operator() operator: OperatorContext, @Body() body: CreateTenantDto): Promise<CreatedTenantView> {
    const { tenant, serverKey, signingKey } = await this.tenants.create(operator, body);
    return { ...presentTenant(tenant), server_key: serverKey, signing_key: signingKey };
  }

  @Get()
  @AllowQuery(...PAGE_QUERY)
  async list(@Query() query: Record<string, string>): Promise<Page<TenantView>> {
    const { cursor, ...rest } = query;
    if (cursor !== undefined && !isTenantId(cursor)) {
      throw invalid('invalid_cursor', 'The cursor is not one that a page handed out.');
    }
    const page = await this.tenants.page({ ...parsePageRequest(rest), after: cursor ?? null });
    return mapPage(page, presentTenant);
  }

  @Get(':id')
  @EntityTag()
  @ApiOkResponse({ type: TenantView })
  async get(@Param('id') id: string): Promise<TenantView> {
    return presentTenant(await this.tenants.get(parseTenantId(id)));
  }

  @Patch(':id')
  @ApiOkResponse({ type: TenantView })
  async update(
    @Operator() operator: OperatorContext,
    @Param('id') id: string,
    @Body() body: UpdateTenantDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return presentTenant(await this.tenants.update(operator, parseTenantId(id), body, preconditions));
  }

  @Delete(':id')
  @HttpCode(204)
  delete(
    @Operator() operator: OperatorContext,
    @Param('id') id: string,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.tenants.delete(operator, parseTenantId(id), preconditions);
  }

  @Put(':id/tier')
  @ApiOkResponse({ type: TenantView })
  async changeTier(
    @Operator() operator: OperatorContext,
    @Param('id') id: string,
    @Body() { tier }: ChangeTierDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return presentTenant(await this.tenants.changeTier(operator, parseTenantId(id), tier, preconditions));
  }

  /** Replaces what was agreed instead of the tier's quotas. Live everywhere within seconds. */
  @Put(':id/quotas')
  @ApiOkResponse({ type: TenantView })
  async changeQuotas(
    @Operator() operator: OperatorContext,
    @Param('id') id: string,
    @Body() quotas: QuotasDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return presentTenant(await this.tenants.changeQuotas(operator, parseTenantId(id), quotas, preconditions));
  }

  @Post(':id/server-keys')
  @NoStore()
  @ApiCreatedResponse({ type: ServerKeyView })
  async createServerKey(@Operator() operator: OperatorContext, @Param('id') id: string): Promise<ServerKeyView> {
    await this.tenants.get(parseTenantId(id));
    return this.serverKeys.create(operator, parseTenantId(id));
  }

  @Get(':id/server-keys')
  @NoStore()
  @ApiOkResponse({ type: ServerKeysView })
  async listServerKeys(@Param('id') id: string): Promise<ServerKeysView> {
    await this.tenants.get(parseTenantId(id));
    return { data: await this.serverKeys.list(parseTenantId(id)) };
  }

  @Delete(':id/server-keys/:key_id')
  @HttpCode(204)
  revokeServerKey(@Operator() operator: OperatorContext, @Param('id') id: string, @Param('key_id') keyId: string) {
    return this.serverKeys.revoke(operator, parseTenantId(id), keyId);
  }

  @Post(':id/signing-keys')
  @NoStore()
  @ApiCreatedResponse({ type: SigningKeyView })
  async createSigningKey(
    @Operator() operator: OperatorContext,
    @Param('id') id: string,
    @Body() body: CreateSigningKeyDto,
  ): Promise<SigningKeyView> {
    await this.tenants.get(parseTenantId(id));
    const { public_key, ...wanted } = body;
    return this.signingKeys.create(operator, parseTenantId(id), { ...wanted, public_key: publicKeyText(public_key) });
  }

  @Get(':id/signing-keys')
  @NoStore()
  @ApiOkResponse({ type: SigningKeysView })
  async listSigningKeys(@Param('id') id: string): Promise<SigningKeysView> {
    await this.tenants.get(parseTenantId(id));
    return { data: await this.signingKeys.list(parseTenantId(id)) };
  }

  @Delete(':id/signing-keys/:kid')
  @HttpCode(204)
  revokeSigningKey(@Operator() operator: OperatorContext, @Param('id') id: string, @Param('kid') kid: string) {
    return this.signingKeys.revoke(operator, parseTenantId(id), kid);
  }
}
