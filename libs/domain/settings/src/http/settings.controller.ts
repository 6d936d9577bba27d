import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { invalid, RequestContext } from '#caas/kernel';
import { ServerRoute } from '#caas/access';
import { Ctx, IfMatch, versioned } from '#caas/platform/http';
import { SettingsService, type CurrentSettings } from '../settings.service';

const SETTINGS = { type: 'object', additionalProperties: { type: 'object' } } as const;

@ApiTags('settings')
@ServerRoute()
@Controller('v1/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @ApiOperation({ summary: 'All settings as they are, defaults included' })
  @ApiOkResponse({ schema: SETTINGS })
  async get(@Ctx() ctx: RequestContext) {
    return view(await this.settings.get(ctx));
  }

  @Get('schema')
  @ApiOperation({ summary: 'What can be set on your tier: types, limits, defaults, and what each is for' })
  @ApiOkResponse({ schema: SETTINGS })
  describe(@Ctx() ctx: RequestContext) {
    return this.settings.describe(ctx);
  }

  @Patch()
  @ApiOperation({ summary: 'Change some; null takes one back to its default. Live everywhere within two seconds' })
  @ApiBody({ schema: SETTINGS })
  @ApiOkResponse({ schema: SETTINGS })
  async change(@Ctx() ctx: RequestContext, @Body() body: unknown, @IfMatch() version: number | null) {
    return view(await this.settings.change(ctx, changesOf(body), version));
  }
}

const view = ({ values, version }: CurrentSettings) => versioned(values, version);

/** What can be set is known to the registry and to no DTO; it checks every field. */
function changesOf(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw invalid('validation_failed', 'The body must be an object of sections.');
}
