import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Put, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Conditional, Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { ForwardsService } from '../forwards/forwards.service';
import { MessageDeletionsService } from './message-deletions.service';
import { MessageEditsService } from './message-edits.service';
import { MessageViews } from '../message/message-views';
import { PinsService } from '../pins/pins.service';
import { viewOfVersion } from '../message/views';
import { EditMessageDto, ForwardMessageDto } from './message-actions.dto';

@ApiTags('messages')
@UserRoute()
@Controller('v1/messages/:id')
export class MessageActionsController {
  constructor(
    private readonly edits: MessageEditsService,
    private readonly deletions: MessageDeletionsService,
    private readonly pins: PinsService,
    private readonly forwards: ForwardsService,
    private readonly views: MessageViews,
  ) {}

  @Patch()
  @ApiOperation({ summary: 'Edit one’s own message; what it said before stays in its history' })
  async edit(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: EditMessageDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return this.views.one(ctx, await this.edits.edit(ctx, id, body, preconditions));
  }

  @Get('history')
  @ApiOperation({ summary: 'Earlier versions, newest first; of a deleted message there are none' })
  async history(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return mapPage(await this.edits.history(ctx, id, page), viewOfVersion);
  }

  @Delete()
  @HttpCode(200)
  @ApiOperation({ summary: 'Delete: one’s own, or as a moderator of the group anyone’s. Answers the tombstone' })
  async delete(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Conditional() preconditions: Preconditions) {
    return this.views.one(ctx, await this.deletions.delete(ctx, id, preconditions));
  }

  @Put('pin')
  @ApiOperation({ summary: 'Pin: in a direct conversation both, elsewhere moderators and above' })
  async pin(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Conditional() preconditions: Preconditions) {
    return this.views.one(ctx, await this.pins.pin(ctx, id, preconditions));
  }

  @Delete('pin')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Unpin; what is not pinned may be unpinned as well' })
  unpin(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.pins.unpin(ctx, id, preconditions);
  }

  @RateLimited('send')
  @Post('forward')
  @ApiOperation({ summary: 'Send a message on to another conversation; the same again answers 200 with the first' })
  async forward(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: ForwardMessageDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { message, replayed } = await this.forwards.forward(ctx, id, body);
    if (replayed) void reply.status(200).header('Idempotency-Replayed', 'true');
    return this.views.one(ctx, message);
  }
}
