import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { viewOfMember } from '#caas/domain/conversations';
import { Conditional, Ctx, IdParam, NoStore, PageQuery } from '#caas/platform/http';
import { GroupInvitesService } from './group-invites.service';
import { GroupMembersService } from './group-members.service';
import { viewOfBan, viewOfInvite } from './views';
import { BanDto, CreatedInviteView, GroupRoleDto, InviteDto } from './groups.dto';

@ApiTags('groups')
@Controller('v1/groups/:id')
export class GroupMembersController {
  constructor(
    private readonly members: GroupMembersService,
    private readonly invites: GroupInvitesService,
  ) {}

  @Put('members/:external_id')
  @ApiOperation({ summary: 'Let somebody in, or give them another role; "owner" hands ownership on' })
  async put(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Param('external_id') externalId: string,
    @Body() { role }: GroupRoleDto,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { member, created } = await this.members.put(ctx, id, externalId, role, preconditions);
    void reply.status(created ? 201 : 200);
    return viewOfMember(member);
  }

  @Delete('members/:external_id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Leave (`me`), or remove somebody below you' })
  remove(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Param('external_id') externalId: string): Promise<void> {
    return this.members.remove(ctx, id, externalId);
  }

  @Get('bans')
  @ApiOperation({ summary: 'Who is kept out, newest first; for admins and the owner' })
  async bans(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return mapPage(await this.members.bans(ctx, id, page), viewOfBan);
  }

  @Put('bans/:external_id')
  @ApiOperation({ summary: 'Keep somebody out, whichever way they would come in; who is in is removed' })
  async ban(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Param('external_id') externalId: string,
    @Body() { reason }: BanDto,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { ban, created } = await this.members.ban(ctx, id, externalId, reason ?? null, preconditions);
    void reply.status(created ? 201 : 200);
    return viewOfBan(ban);
  }

  @Delete('bans/:external_id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Lift a ban; it lets nobody in by itself' })
  unban(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Param('external_id') externalId: string): Promise<void> {
    return this.members.unban(ctx, id, externalId);
  }

  @Post('invites')
  @NoStore()
  @ApiCreatedResponse({ type: CreatedInviteView })
  @UserRoute()
  @ApiOperation({ summary: 'An invite; its code is in this answer only' })
  async invite(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Body() body: InviteDto) {
    const { invite, code } = await this.invites.create(ctx, id, body);
    return { ...viewOfInvite(invite), code };
  }

  @Get('invites')
  @ApiOperation({ summary: 'Invites that were not revoked, newest first, without their codes' })
  async listInvites(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return mapPage(await this.invites.list(ctx, id, page), viewOfInvite);
  }

  @Delete('invites/:invite_id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Revoke an invite' })
  revoke(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @IdParam('invite_id') inviteId: ObjectId): Promise<void> {
    return this.invites.revoke(ctx, id, inviteId);
  }
}
