import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { Conditional, Ctx, EntityTag, IdParam, PageQuery } from '#caas/platform/http';
import { GroupInvitesService } from './group-invites.service';
import { GroupsService } from './groups.service';
import { viewOfGroup } from './views';
import { ChangeGroupDto, CreateGroupDto, JoinDto } from './groups.dto';

@ApiTags('groups')
@Controller('v1/groups')
export class GroupsController {
  constructor(
    private readonly groups: GroupsService,
    private readonly invites: GroupInvitesService,
  ) {}

  @Post()
  @UserRoute()
  @Idempotent()
  @ApiOperation({ summary: 'Found a group or channel; its conversation is opened with it' })
  async create(@Ctx() ctx: RequestContext, @NewId() id: ObjectId, @Body() body: CreateGroupDto) {
    return viewOfGroup(await this.groups.create(ctx, id, body));
  }

  @Get()
  @UserRoute()
  @ApiOperation({ summary: 'The groups that the actor is in, newest first' })
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest) {
    return mapPage(await this.groups.list(ctx, page), viewOfGroup);
  }

  @Post('join')
  @UserRoute()
  @ApiOperation({ summary: 'Join by the code of an invite; 200 for who is in already' })
  async join(@Ctx() ctx: RequestContext, @Body() { code }: JoinDto, @Res({ passthrough: true }) reply: FastifyReply) {
    const { groupId, joined } = await this.invites.join(ctx, code);
    void reply.status(joined ? 201 : 200);
    return viewOfGroup(await this.groups.get(ctx, groupId));
  }

  @Get(':id')
  @EntityTag()
  @ApiOperation({ summary: 'One group' })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return viewOfGroup(await this.groups.get(ctx, id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a group, as an admin or the owner; the conversation goes by its name' })
  async update(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: ChangeGroupDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return viewOfGroup(await this.groups.update(ctx, id, { ...body }, preconditions));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Delete a group with its conversation, as its owner or with a server key' })
  remove(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.groups.remove(ctx, id, preconditions);
  }
}
