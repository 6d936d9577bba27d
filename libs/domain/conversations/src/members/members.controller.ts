import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { instantOf, mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { Idempotent, UserRoute } from '#caas/access';
import { Conditional, Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { ConversationSettingsService } from '../conversation/conversation-settings.service';
import { ConversationViews } from '../conversation/conversation-views';
import { viewOfMember } from '../conversation/views';
import { AddMembersDto, ChangeConversationDto, PreferencesDto } from './members.dto';
import { MembersService } from './members.service';

/** Also for the tenant's server as no user, which has the rights of the owner in each conversation. */
@ApiTags('conversations')
@Controller('v1/conversations/:id')
export class MembersController {
  constructor(
    private readonly members: MembersService,
    private readonly settings: ConversationSettingsService,
    private readonly views: ConversationViews,
  ) {}

  @Patch()
  @ApiOperation({ summary: 'Change name, metadata or history, as an admin or the owner' })
  async update(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: ChangeConversationDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return this.views.managed(ctx, await this.settings.update(ctx, id, { ...body }, preconditions));
  }

  @Delete()
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'End a group or channel for everybody, as its owner or with a server key' })
  close(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.members.close(ctx, id, preconditions);
  }

  @Patch('preferences')
  @UserRoute()
  @ApiOperation({ summary: 'Mute, pin or archive it for yourself' })
  async prefer(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() { muted_until, ...rest }: PreferencesDto,
    @Conditional() preconditions: Preconditions,
  ) {
    const until =
      muted_until === undefined ? {} : { muted_until: muted_until === null ? null : instantOf(muted_until) };
    return this.views.one(ctx, await this.settings.prefer(ctx, id, { ...rest, ...until }, preconditions));
  }

  @Get('members')
  @ApiOperation({ summary: 'Who is in, newest first' })
  async page(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return mapPage(await this.members.page(ctx, id, page), viewOfMember);
  }

  @Post('members')
  @Idempotent()
  @ApiOperation({ summary: 'Add members, as an admin or the owner; answers those who were not in before' })
  async add(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() { member_ids }: AddMembersDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const added = await this.members.add(ctx, id, member_ids);
    void reply.status(added.length > 0 ? 201 : 200);
    return { data: added.map(viewOfMember) };
  }

  @Delete('members/:external_id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Leave (`me`), or remove somebody below you' })
  remove(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Param('external_id') externalId: string): Promise<void> {
    return this.members.remove(ctx, id, externalId);
  }
}
