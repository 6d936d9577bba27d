import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { mapPage, RequestContext, type PageRequest } from '#caas/kernel';
import { ServerRoute } from '#caas/access';
import { Ctx, EntityTag, IdParam, PageQuery, QueryParams } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { CasesQuery, DecisionDto } from './moderation.dto';
import { ModerationService } from './moderation.service';
import { viewOfCase, viewOfCaseFile } from './moderation.views';

@ApiTags('moderation')
@ServerRoute()
@RateLimited('admin')
@Controller('v1/moderation/cases')
export class ModerationController {
  constructor(private readonly moderation: ModerationService) {}

  @Get()
  @ApiOperation({ summary: 'The moderators’ queue, newest first: one open case for each message or user' })
  async list(@Ctx() ctx: RequestContext, @QueryParams() { status }: CasesQuery, @PageQuery() page: PageRequest) {
    return mapPage(await this.moderation.list(ctx, status ?? null, page), viewOfCase);
  }

  @Get(':id')
  @EntityTag()
  @ApiOperation({ summary: 'One case, with its last reports and the message as it is now' })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return viewOfCaseFile(await this.moderation.get(ctx, id));
  }

  @Post(':id/decisions')
  @HttpCode(201)
  @ApiOperation({ summary: 'Decide: it is carried out, and the case closed. Of several at once one is made (409)' })
  async decide(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Body() { decision, note }: DecisionDto) {
    return viewOfCaseFile(await this.moderation.decide(ctx, id, decision, note ?? null));
  }
}
