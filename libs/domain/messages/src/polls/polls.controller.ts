import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { mapPage, RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, IdParam, PageQuery, QueryParams } from '#caas/platform/http';
import { MessageViews } from '../message/message-views';
import { VoteDto, VotesQuery } from './polls.dto';
import { PollsService } from './polls.service';
import { viewOfVote } from './vote-view';

@ApiTags('polls')
@UserRoute()
@Controller('v1/messages/:id')
export class PollsController {
  constructor(
    private readonly polls: PollsService,
    private readonly views: MessageViews,
  ) {}

  @Put('votes')
  @ApiOperation({ summary: 'Vote, in place of what you voted for before; for no option takes it back' })
  async vote(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId, @Body() { option_ids }: VoteDto) {
    return this.views.one(ctx, await this.polls.vote(ctx, id, option_ids));
  }

  @Get('votes')
  @ApiOperation({ summary: 'Who voted for what, newest first; of an anonymous poll nobody learns it' })
  async votes(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @QueryParams() { option_id }: VotesQuery,
    @PageQuery() page: PageRequest,
  ) {
    return mapPage(await this.polls.votes(ctx, id, option_id ?? null, page), viewOfVote);
  }

  @Post('poll/close')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Close for good: one’s own, or as a moderator of the group anyone’s; again, nothing happens',
  })
  async close(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return this.views.one(ctx, await this.polls.close(ctx, id));
  }
}
