import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Preconditions, RequestContext, versioned } from '#caas/kernel';
import { ServerRoute } from '#caas/access';
import { Conditional, Ctx, EntityTag } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { SettingsService, type CurrentSettings } from '../settings.service';
import { changesOf, SECTIONS } from './sections';

@ApiTags('settings')
@ServerRoute()
@RateLimited('admin')
@Controller('v1/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @Get()
  @EntityTag()
  @ApiOperation({ summary: 'All settings as they are, defaults included' })
  @ApiOkResponse({ schema: SECTIONS })
  async get(@Ctx() ctx: RequestContext) {
    return view(await this.settings.get(ctx));
  }

  @Get('schema')
  @ApiOperation({ summary: 'What can be set on your tier: types, limits, defaults, and what each is for' })
  @ApiOkResponse({ schema: SECTIONS })
  describe(@Ctx() ctx: RequestContext) {
    return this.settings.describe(ctx);
  }

  @Patch()
  @ApiOperation({ summary: 'Change some; null takes one back to its default. Live everywhere within two seconds' })
  @ApiBody({ schema: SECTIONS })
  @ApiOkResponse({ schema: SECTIONS })
  async change(@Ctx() ctx: RequestContext, @Body() body: unknown, @Conditional() preconditions: Preconditions) {
    return view(await this.settings.change(ctx, changesOf(body), preconditions));
  }
}

const view = ({ values, version }: CurrentSettings) => versioned(values, version);
