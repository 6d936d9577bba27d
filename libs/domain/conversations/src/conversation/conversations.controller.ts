import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { invalid, parseObjectId, RequestContext, type PageRequest } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { AllowQuery, Ctx, EntityTag, PAGE_QUERY, PageQuery } from '#caas/platform/http';
import { ConversationViews } from './conversation-views';
import { ConversationsService } from './conversations.service';
import { CreateConversationDto } from './conversations.dto';

@ApiTags('conversations')
@UserRoute()
@Controller('v1/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationsService,
    private readonly views: ConversationViews,
  ) {}

  @Post()
  @Idempotent()
  @ApiOperation({ summary: 'Open a conversation; a direct one that exists is answered with 200' })
  async create(
    @Ctx() ctx: RequestContext,
    @NewId() id: ObjectId,
    @Body() body: CreateConversationDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { created, ...entry } = await this.conversations.create(ctx, id, body);
    void reply.status(created ? 201 : 200);
    return this.views.one(ctx, entry);
  }

  @Get()
  @AllowQuery(...PAGE_QUERY, 'archived')
  @ApiQuery({ name: 'archived', required: false, enum: ['true', 'false'], description: 'only these; all when absent' })
  @ApiOperation({ summary: 'The inbox, newest activity first' })
  async list(
    @Ctx() ctx: RequestContext,
    @PageQuery('place') page: PageRequest,
    @Query('archived') archived: string | undefined,
  ) {
    return this.views.page(ctx, await this.conversations.inbox(ctx, page, readFlag('archived', archived)));
  }

  @Get(':id')
  @EntityTag()
  @ApiOperation({ summary: 'One conversation' })
  async get(@Ctx() ctx: RequestContext, @Param('id') id: string) {
    return this.views.one(ctx, await this.conversations.get(ctx, parseObjectId(id)));
  }
}

/** @throws CaasError `invalid_parameter` (400) */
function readFlag(name: string, value: string | undefined): boolean | null {
  if (value === undefined) return null;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid('invalid_parameter', `The parameter ${name} is "true" or "false".`, [
    { field: name, message: 'must be "true" or "false"' },
  ]);
}
