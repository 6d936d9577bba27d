import { Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { mapPage, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Conditional, Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { MessageViews } from '../message/message-views';
import { ReactionsService } from './reactions.service';
import { viewOfReaction } from '../message/views';

@ApiTags('reactions')
@UserRoute()
@Controller('v1/messages/:id/reactions')
export class ReactionsController {
  constructor(
    private readonly reactions: ReactionsService,
    private readonly views: MessageViews,
  ) {}

  @Put(':emoji')
  @ApiOperation({ summary: 'React, with one emoji or a name such as `:party:`; again, it answers 200' })
  async add(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Param('emoji') emoji: string,
    @Conditional() preconditions: Preconditions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { message, added } = await this.reactions.add(ctx, id, emoji, preconditions);
    void reply.status(added ? 201 : 200);
    return this.views.one(ctx, message);
  }

  @Delete(':emoji')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Take a reaction back; one that was never made may be taken back as well' })
  async remove(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Param('emoji') emoji: string): Promise<void> {
    await this.reactions.remove(ctx, id, emoji);
  }

  @Get()
  @AllowQuery('emoji')
  @ApiOperation({ summary: 'Who reacted, newest first' })
  async list(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Query('emoji') emoji: string | undefined,
    @PageQuery() page: PageRequest,
  ) {
    return mapPage(await this.reactions.list(ctx, id, emoji ?? null, page), viewOfReaction);
  }
}
