import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { parseObjectId, RequestContext } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { Ctx, EntityTag } from '#caas/platform/http';
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

  @Get(':id')
  @EntityTag()
  @ApiOperation({ summary: 'One conversation' })
  async get(@Ctx() ctx: RequestContext, @Param('id') id: string) {
    return this.views.one(ctx, await this.conversations.get(ctx, parseObjectId(id)));
  }
}
