import { Body, Controller, Delete, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiTags,
} from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isTenantId, mapPage, type Page, type PageRequest, Preconditions, RequestContext } from '#caas/kernel';
import { FailedAuthLimiter, PublicWhenSigned, type CredentialAttempt } from '#caas/access';
import {
  AllowQuery,
  BodyTypes,
  Conditional,
  contextOf,
  Ctx,
  EntityTag,
  IdParam,
  NoStore,
  PageQuery,
  peerOf,
} from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { FilesService } from '../files/files.service';
import { viewOfFile } from '../files/views';
import { FileLinks, LINK_QUERY, type LinkQuery } from '../serving/file-links';
import { DEFAULT_VARIANT, variantOf } from '../serving/variants';
import { MultipartUploads } from '../uploads/multipart-uploads';
import { ContentResponder } from './content-responder';
import { FileView, LinkDto, LinkView } from './dto/files.dto';

@ApiTags('files')
@Controller('v1/files')
export class FilesController {
  constructor(
    private readonly files: FilesService,
    private readonly uploads: MultipartUploads,
    private readonly content: ContentResponder,
    private readonly links: FileLinks,
    private readonly failedAuth: FailedAuthLimiter,
  ) {}

  @RateLimited('upload')
  @BodyTypes('multipart/form-data')
  @Post()
  @ApiOperation({ summary: 'Upload a file in one request; a large one is better resumable: /v1/files/uploads' })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: { type: 'object', properties: { file: { type: 'string', format: 'binary' } } } })
  @ApiCreatedResponse({ type: FileView })
  async upload(@Ctx() ctx: RequestContext, @Req() request: FastifyRequest): Promise<object> {
    return viewOfFile(await this.uploads.take(ctx, request), null);
  }

  @Get()
  @ApiOperation({ summary: 'The files of the actor, newest first' })
  async list(@Ctx() ctx: RequestContext, @PageQuery() page: PageRequest): Promise<Page<object>> {
    return mapPage(await this.files.list(ctx, page), ({ file, media }) => viewOfFile(file, media));
  }

  @Get(':id')
  @EntityTag()
  @ApiOperation({ summary: 'A file: what became of it, and its variants' })
  @ApiOkResponse({ type: FileView })
  async get(@Ctx() ctx: RequestContext, @IdParam() id: ObjectId): Promise<object> {
    const { file, media } = await this.files.get(ctx, id);
    return viewOfFile(file, media);
  }

  @Get(':id/content')
  @PublicWhenSigned()
  @AllowQuery('variant', ...LINK_QUERY)
  @ApiQuery({ name: 'variant', required: false, schema: { default: DEFAULT_VARIANT } })
  @ApiOperation({ summary: 'The bytes of a variant, or a range of them; by a credential, or by a link' })
  async read(
    @IdParam() id: ObjectId,
    @Query() { variant = DEFAULT_VARIANT, ...query }: LinkQuery & { variant?: string },
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    if (query.signature === undefined) {
      const queryOf = (other: string) => new URLSearchParams({ variant: other }).toString();
      return this.content.send(await this.files.get(contextOf(request), id), variant, queryOf, request, reply);
    }
    const ctx = await this.openLink(query, id.toHexString(), variant, request);
    const queryOf = (other: string) => new URLSearchParams({ variant: other, ...(query as object) }).toString();
    await this.content.send(await this.content.linked(ctx, id), variant, queryOf, request, reply);
  }

  /** Does not honour `Idempotency-Key`: answers to it are stored, and a link is a secret. Creating a second link is harmless. */
  @Post(':id/links')
  @NoStore()
  @ApiOperation({
    summary: 'A link by which anyone may read one variant for up to 7 days, as long as whoever made it may',
  })
  @ApiCreatedResponse({ type: LinkView })
  async link(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Body() { expires_in, variant = DEFAULT_VARIANT }: LinkDto,
    @Req() { protocol, host }: FastifyRequest,
  ): Promise<LinkView> {
    const found = await this.files.get(ctx, id);
    if (found.file.status === 'ready') variantOf(found, variant);
    const expiresAt = new Date((Math.floor(Date.now() / 1000) + expires_in) * 1000);
    const query = this.links.queryFor(ctx, id.toHexString(), variant, expiresAt);
    const url = `${protocol}://${host}/v1/files/${id.toHexString()}/content?${query}`;
    return { url, expires_at: expiresAt.toISOString() };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a file that nothing holds' })
  @ApiNoContentResponse()
  remove(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Conditional() preconditions: Preconditions,
  ): Promise<void> {
    return this.files.remove(ctx, id, preconditions);
  }

  /** @throws CaasError as `FileLinks.open`, and 429 `rate_limited` */
  private openLink(query: LinkQuery, keyId: string, variant: string, request: FastifyRequest): Promise<RequestContext> {
    const { tenant } = query;
    const attempt: CredentialAttempt = {
      requestId: request.id,
      keyId,
      ...(isTenantId(tenant) ? { tenantId: tenant } : {}),
    };
    return this.failedAuth.verify({ credential: 'file_link', peer: peerOf(request), attempt }, () =>
      this.links.open(query, keyId, variant),
    );
  }
}
