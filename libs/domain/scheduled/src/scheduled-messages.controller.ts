import { Body, Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { instantOf, mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { Conditional, Ctx, EntityTag, IdParam, PageQuery, QueryParams } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { ScheduledMessagesService } from './scheduled-messages.service';
import { viewOfScheduled } from './scheduled-view';
import { ChangeScheduledMessageDto, ScheduledMessagesQuery, ScheduleMessageDto } from './scheduled.dto';

@ApiTags('scheduled messages')
@UserRoute()
@Controller('v1')
export class ScheduledMessagesController {
  constructor(private readonly scheduled: ScheduledMessagesService) {}

  @RateLimited('send')
  @Post('conversations/:id/scheduled-messages')
  @Idempotent()
  @ApiOperation({ summary: 'Have a message sent later, with the rights you have then' })
  async schedule(
    @Ctx() ctx: RequestContext,
    @NewId() newId: ObjectId,
    @IdParam() id: ObjectId,
    @Body() { send_at, ...message }: ScheduleMessageDto,
  ) {
    return viewOfScheduled(await this.scheduled.schedule(ctx, newId, id, instantOf(send_at), message));
  }

  @Get('conversations/:id/scheduled-messages')
  @ApiOperation({ summary: 'Your own of one conversation, newest first' })
  async ofConversation(
    @Ctx() ctx: RequestContext,
    @IdParam() conversation_id: ObjectId,
    @QueryParams() query: ScheduledMessagesQuery,
    @PageQuery() page: PageRequest,
  ) {
    return mapPage(await this.scheduled.list(ctx, { conversation_id, ...stateOf(query) }, page), viewOfScheduled);
  }

  @Get('scheduled-messages')
  @ApiOperation({ summary: 'All of your own, newest first' })
  async list(@Ctx() ctx: RequestContext, @QueryParams() query: ScheduledMessagesQuery, @PageQuery() page: PageRequest) {
    return mapPage(await this.scheduled.list(ctx, stateOf(query), page), viewOfScheduled);
  }

  @Get('scheduled-messages/:id')
  @EntityTag()
  @ApiOperation({ summary: 'One of your own; kept for 30 days after it was sent, refused or cancelled' })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return viewOfScheduled(await this.scheduled.get(ctx, id));
  }

  @Patch('scheduled-messages/:id')
  @ApiOperation({ summary: 'Change what it says or when it is sent; a 409 once the sending has begun' })
  async change(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() { send_at, ...message }: ChangeScheduledMessageDto,
    @Conditional() preconditions: Preconditions,
  ) {
    const change = send_at === undefined ? { message } : { message, send_at: instantOf(send_at) };
    return viewOfScheduled(await this.scheduled.change(ctx, id, change, preconditions));
  }

  @Delete('scheduled-messages/:id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Cancel; a 409 once the sending has begun' })
  async cancel(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    await this.scheduled.cancel(ctx, id, preconditions);
  }
}

const stateOf = ({ state }: ScheduledMessagesQuery) => (state === undefined ? {} : { state });
