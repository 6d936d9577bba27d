import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import { invalid, parseObjectId, Preconditions, RequestContext, type PageRequest } from '#caas/kernel';
import { Idempotent, NewId, UserRoute } from '#caas/access';
import { AllowQuery, Conditional, Ctx, EntityTag, IdParam, PageQuery } from '#caas/platform/http';
import { POST_KINDS, type PostKind } from './post-kinds';
import { FeedService } from './feed.service';
import { PostPages } from './post-pages';
import { PostsService } from './posts.service';
import { ChangePostDto, NewPostDto } from './posts.dto';

const ApiKind = () =>
  ApiQuery({ name: 'kind', required: false, enum: POST_KINDS, description: 'without it: posts and reels' });

@ApiTags('posts')
@Controller('v1')
export class PostsController {
  constructor(
    private readonly posts: PostsService,
    private readonly feeds: FeedService,
    private readonly pages: PostPages,
  ) {}

  @Post('posts')
  @UserRoute()
  @Idempotent()
  @ApiOperation({ summary: 'Post something, a reel, or a story that is gone after a day' })
  async create(@Ctx() ctx: RequestContext, @NewId() id: ObjectId, @Body() { file_ids, ...body }: NewPostDto) {
    const named = file_ids ? { file_ids: file_ids.map((each) => parseObjectId(each, 'file_ids')) } : {};
    return this.pages.one(ctx, await this.posts.create(ctx, id, { ...body, ...named }));
  }

  @Get('posts')
  @UserRoute()
  @AllowQuery('kind')
  @ApiKind()
  @ApiOperation({ summary: 'The feed: own posts, those of friends and what is public; stories with ?kind=story' })
  async feed(@Ctx() ctx: RequestContext, @Query('kind') kind: string | undefined, @PageQuery() page: PageRequest) {
    return this.pages.page(ctx, await this.feeds.feed(ctx, kindOf(kind), page));
  }

  @Get('users/:external_id/posts')
  @AllowQuery('kind')
  @ApiKind()
  @ApiOperation({ summary: "A user's posts, as far as the actor may see them; stories with ?kind=story" })
  async ofUser(
    @Ctx() ctx: RequestContext,
    @Param('external_id') externalId: string,
    @Query('kind') kind: string | undefined,
    @PageQuery() page: PageRequest,
  ) {
    return this.pages.page(ctx, await this.feeds.ofUser(ctx, externalId, kindOf(kind), page));
  }

  @Get('posts/:id')
  @EntityTag()
  @ApiOperation({ summary: 'One post' })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId) {
    return this.pages.one(ctx, await this.posts.get(ctx, id));
  }

  @Patch('posts/:id')
  @ApiOperation({ summary: 'Change the text, who may see it, or the metadata; as its author or with a server key' })
  async update(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() body: ChangePostDto,
    @Conditional() preconditions: Preconditions,
  ) {
    return this.pages.one(ctx, await this.posts.update(ctx, id, { ...body }, preconditions));
  }

  @Delete('posts/:id')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Delete a post, as its author or with a server key' })
  remove(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.posts.remove(ctx, id, preconditions);
  }
}

/** @throws CaasError `invalid_parameter` (400) */
function kindOf(value: string | undefined): PostKind | null {
  const kind = POST_KINDS.find((each) => each === value);
  if (kind || value === undefined) return kind ?? null;
  const message = `must be one of ${POST_KINDS.join(', ')}`;
  throw invalid('invalid_parameter', `The parameter "kind" ${message}.`, [{ field: 'kind', message }]);
}
