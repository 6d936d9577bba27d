import { Body, Controller, Get, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { parseObjectId, RequestContext } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Ctx, EntityTag, PAGE_QUERY } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { MessageViews } from '../message/message-views';
import { MessagesService } from './messages.service';
import { SendMessageDto } from './messages.dto';
import { readMessagePage, SELECTIONS, SELECTORS } from './message-selectors';

@ApiTags('messages')
@UserRoute()
@Controller('v1')
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly views: MessageViews,
  ) {}

  @RateLimited('send')
  @Post('conversations/:id/messages')
  @ApiOperation({ summary: 'Send; the same client_message_id again answers 200 with the first message' })
  async send(
    @Ctx() ctx: RequestContext,
    @Param('id') id: string,
    @Body() body: SendMessageDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { message, replayed } = await this.messages.send(ctx, parseObjectId(id), body);
    if (replayed) void reply.status(200).header('Idempotency-Replayed', 'true');
    return this.views.one(ctx, message);
  }

  @Get('conversations/:id/messages')
  @AllowQuery(...PAGE_QUERY, ...SELECTORS, ...SELECTIONS)
  @ApiOperation({ summary: 'A page of messages, by seq: of all, of one thread, or of those that are pinned' })
  async page(@Ctx() ctx: RequestContext, @Param('id') id: string, @Query() query: Record<string, string>) {
    const { request, selector, selection } = readMessagePage(query);
    return this.views.page(ctx, await this.messages.page(ctx, parseObjectId(id), request, selector, selection));
  }

  @Get('messages/:id')
  @EntityTag()
  @ApiOperation({ summary: 'One message' })
  async get(@Ctx() ctx: RequestContext, @Param('id') id: string) {
    return this.views.one(ctx, await this.messages.get(ctx, parseObjectId(id)));
  }
}
