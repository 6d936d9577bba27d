import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { mapPage, type Page, type PageRequest, Preconditions, RequestContext } from '#caas/kernel';
import { ServerRoute } from '#caas/access';
import { AllowQuery, Conditional, Ctx, EntityTag, NoStore, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { TokensService } from '../tokens.service';
import { UsersService } from '../users.service';
import { viewOfUser } from '../views';
import { answering } from './created';
import { ApiUserSelection } from './docs';
import { ProfileDto, UserView } from './dto/profile.dto';
import { TokenDto, TokenView } from './dto/token.dto';
import { USER_SELECTION, userSelectionOf } from './selections';

@ApiTags('users')
@Controller('v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly tokens: TokensService,
  ) {}

  @Put(':external_id')
  @ApiOperation({ summary: 'Create or update a user, or bring a deleted one back' })
  @ApiOkResponse({ type: UserView })
  @ApiCreatedResponse({ type: UserView })
  async put(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Body() profile: ProfileDto,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<UserView> {
    const { user, created } = await this.users.put(ctx, externalId, profile, preconditions);
    return answering(reply, created, viewOfUser(user));
  }

  @Get()
  @AllowQuery(...PAGE_QUERY, ...USER_SELECTION)
  @ApiOperation({ summary: 'Users, newest first' })
  @ApiUserSelection()
  async list(
    @Ctx() ctx: RequestContext,
    @Query() query: Record<string, string>,
    @PageQuery() page: PageRequest,
  ): Promise<Page<UserView>> {
    return mapPage(await this.users.list(ctx, userSelectionOf(query), page), viewOfUser);
  }

  @Get(':external_id')
  @EntityTag()
  @ApiOperation({ summary: 'One user; `me` is the actor' })
  @ApiOkResponse({ type: UserView })
  async get(@Ctx() ctx: RequestContext, @Param('external_id') externalId: string): Promise<UserView> {
    return viewOfUser(await this.users.get(ctx, externalId));
  }

  @Patch(':external_id')
  @ApiOperation({ summary: 'Change a profile: one’s own, or with the server key anyone’s' })
  @ApiOkResponse({ type: UserView })
  async update(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Body() profile: ProfileDto,
    @Conditional() preconditions: Preconditions,
  ): Promise<UserView> {
    return viewOfUser(await this.users.update(ctx, externalId, profile, preconditions));
  }

  @Delete(':external_id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a user, reversibly: oneself, or with the server key anyone' })
  @ApiNoContentResponse()
  remove(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.users.remove(ctx, externalId, preconditions);
  }

  @Post(':external_id/tokens')
  @NoStore()
  @ServerRoute()
  @ApiOperation({ summary: 'A token for a user, signed with the current signing key of the tenant' })
  @ApiCreatedResponse({ type: TokenView })
  issueToken(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Body() token: TokenDto,
  ): Promise<TokenView> {
    return this.tokens.issue(ctx, externalId, token);
  }
}
