import { Controller, Get } from '@nestjs/common';
import { ApiOperation, ApiPropertyOptional, ApiTags, ApiProperty } from '@nestjs/swagger';
import { ObjectId } from 'bson';
import { RequestContext, type PageRequest } from '#caas/kernel';
import { UserRoute } from '#caas/access';
import { Ctx, IsId, IsOpaqueText, MayBeAbsent, PageQuery, PageQueryDto, QueryParams } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { MessageViews } from '../message/message-views';
import { SearchService } from './search.service';

export class SearchMessagesQuery extends PageQueryDto {
  @ApiProperty({ minLength: 1, maxLength: 256, description: 'every word of it must be in a message' })
  @IsOpaqueText({ max: 256 })
  q: string;

  @ApiPropertyOptional({ description: 'only in this conversation' })
  @MayBeAbsent()
  @IsId()
  conversation_id?: string;
}

@ApiTags('search')
@UserRoute()
@RateLimited('search')
@Controller('v1/search')
export class SearchController {
  constructor(
    private readonly service: SearchService,
    private readonly views: MessageViews,
  ) {}

  @Get('messages')
  @ApiOperation({ summary: 'Messages by their words, newest first; a message is found a moment after it was sent' })
  async search(@Ctx() ctx: RequestContext, @QueryParams() query: SearchMessagesQuery, @PageQuery() page: PageRequest) {
    const conversationId = query.conversation_id === undefined ? null : new ObjectId(query.conversation_id);
    const found = await this.service.search(ctx, query.q, conversationId, page);
    // Messages in cold storage are not searched.
    return { ...(await this.views.page(ctx, found)), scope: 'hot' };
  }
}
