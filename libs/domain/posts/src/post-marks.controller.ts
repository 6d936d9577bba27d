import { Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { mapPage, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { AllowQuery, Ctx, IdParam, PageQuery } from '#caas/platform/http';
import { PostMarksService } from './post-marks.service';
import { PostPages } from './post-pages';
import type { Marked } from './post-counters';
import { viewOfPostReaction, viewOfViewer } from './views';

@ApiTags('posts')
@Controller('v1/posts/:id')
export class PostMarksController {
  constructor(
    private readonly marks: PostMarksService,
    private readonly pages: PostPages,
  ) {}

  @Put('reactions/:emoji')
  @UserRoute()
  @ApiOperation({ summary: 'React, with one emoji or a name such as `:party:`; again, it answers 200' })
  async react(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Param('emoji') emoji: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.answer(ctx, reply, await this.marks.react(ctx, id, emoji));
  }

  @Delete('reactions/:emoji')
  @UserRoute()
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Take a reaction back; one that was never made may be taken back as well' })
  async unreact(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Param('emoji') emoji: string): Promise<void> {
    await this.marks.unreact(ctx, id, emoji);
  }

  @Get('reactions')
  @AllowQuery('emoji')
  @ApiOperation({ summary: 'Who reacted, newest first' })
  async reactions(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Query('emoji') emoji: string | undefined,
    @PageQuery() page: PageRequest,
  ) {
    return mapPage(await this.marks.reactions(ctx, id, emoji ?? null, page), viewOfPostReaction);
  }

  @Put('view')
  @UserRoute()
  @ApiOperation({ summary: 'Say that you have seen it: 201 the first time, which counts; the author does not count' })
  async view(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Res({ passthrough: true }) reply: FastifyReply) {
    return this.answer(ctx, reply, await this.marks.view(ctx, id));
  }

  @Get('viewers')
  @ApiOperation({ summary: 'Who has seen a story, newest first; for its author' })
  async viewers(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @PageQuery() page: PageRequest) {
    return mapPage(await this.marks.viewers(ctx, id, page), viewOfViewer);
  }

  private answer(ctx: RequestContext, reply: FastifyReply, { post, changed }: Marked) {
    void reply.status(changed ? 201 : 200);
    return this.pages.one(ctx, post);
  }
}
