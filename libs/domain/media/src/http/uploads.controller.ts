import { Controller, Delete, Head, Options, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ObjectId } from 'bson';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RequestContext } from '#caas/kernel';
import { BodyTypes, Ctx, IdParam } from '#caas/platform/http';
import { RateLimited } from '#caas/platform/limits';
import { TusUploads } from '../uploads/tus-uploads';

/** tus has its own content type for chunks. */
const TakesChunks = () => BodyTypes('application/offset+octet-stream');

@ApiTags('files')
@Controller('v1/files/uploads')
export class UploadsController {
  constructor(private readonly uploads: TusUploads) {}

  @RateLimited('upload')
  @TakesChunks()
  @Post()
  @ApiOperation({
    summary: 'Begin a resumable upload (tus 1.0): Upload-Length, and Upload-Metadata filename, filetype',
  })
  create(@Ctx() ctx: RequestContext, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.uploads.create(ctx, request, reply);
  }

  @Options()
  @ApiOperation({ summary: 'What of tus is spoken here' })
  options(@Ctx() ctx: RequestContext, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.uploads.create(ctx, request, reply);
  }

  @Head(':id')
  @ApiOperation({ summary: 'How many bytes have come' })
  head(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.uploads.serve(ctx, id, request, reply);
  }

  @RateLimited('upload')
  @TakesChunks()
  @Patch(':id')
  @ApiOperation({ summary: 'More bytes, from Upload-Offset on; with Upload-Checksum they are held to it' })
  patch(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.uploads.serve(ctx, id, request, reply);
  }

  @RateLimited('upload')
  @TakesChunks()
  @Post(':id')
  @ApiOperation({ summary: 'What X-HTTP-Method-Override says: HEAD, PATCH or DELETE' })
  other(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.uploads.serve(ctx, id, request, reply);
  }

  @Delete(':id')
  @ApiOperation({ summary: 'Give an unfinished upload up' })
  remove(
    @Ctx() ctx: RequestContext,
    @IdParam() id: ObjectId,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.uploads.serve(ctx, id, request, reply);
  }
}
