import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, PageQuery } from '#caas/platform/http';
import { MessageViews } from '#caas/domain/messages';
import { MentionsService } from './mentions.service';

@ApiTags('messages')
@UserRoute()
@Controller('v1/mentions')
export class MentionsController {
  constructor(
    private readonly mentions: MentionsService,
    private readonly views: MessageViews,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Messages that mention the actor, newest first' })
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest) {
    return this.views.page(ctx, await this.mentions.page(ctx, page));
  }
}
