import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequestContext } from '#caas/kernel';
import { Ctx, QueryParams } from '#caas/platform/http';
import { PresenceListView, PresenceQuery, PresenceView } from './presence.dto';
import { PresenceService } from './presence.service';

@ApiTags('presence')
@Controller('v1')
export class PresenceController {
  constructor(private readonly presence: PresenceService) {}

  @Get('users/:external_id/presence')
  @ApiOperation({ summary: 'Whether a user is there; `me` is the actor' })
  @ApiOkResponse({ type: PresenceView })
  get(@Ctx() ctx: RequestContext, @Param('external_id') externalId: string): Promise<PresenceView> {
    return this.presence.get(ctx, externalId);
  }

  @Get('presence')
  @ApiOperation({ summary: 'Who of these users is there; news of it come as `presence.changed`' })
  @ApiOkResponse({ type: PresenceListView })
  async list(@Ctx() ctx: RequestContext, @QueryParams() { external_ids }: PresenceQuery): Promise<PresenceListView> {
    return { data: await this.presence.list(ctx, external_ids.split(',')) };
  }
}
