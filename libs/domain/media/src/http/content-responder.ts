import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound, type RequestContext } from '#caas/kernel';
import { preconditionsOf } from '#caas/platform/http';
import { ObjectStorage } from '#caas/platform/storage';
import { FileAccess, type FileWithMedia } from '../files/file-access';
import { outcomeOf } from '../serving/conditions';
import { contentDisposition } from '../serving/disposition';
import { isPlaylist, rewritePlaylist } from '../serving/playlists';
import { variantOf, type FoundVariant } from '../serving/variants';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  // Pages of the tenant, on any origin, may embed content for which they have a link or a token.
  'cross-origin-resource-policy': 'cross-origin',
  'accept-ranges': 'bytes',
  'cache-control': 'private, max-age=300',
  vary: 'Authorization, X-Acting-User, Origin',
};

/** Answers a request with the bytes of a variant (RFC 9110). */
@Injectable()
export class ContentResponder {
  constructor(
    private readonly storage: ObjectStorage,
    private readonly access: FileAccess,
  ) {}

  /** @param ctx the context opened by a link @throws CaasError `file_not_found` (404) */
  linked(ctx: RequestContext, id: ObjectId): Promise<FileWithMedia> {
    return ctx.actor.kind === 'user' ? this.access.visible(ctx, id) : this.access.held(ctx, id);
  }

  /** @param queryOf builds the query for another variant of the file, with the same authorization as this request */
  async send(
    found: FileWithMedia,
    variantName: string,
    queryOf: (variant: string) => string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const at = variantOf(found, variantName);
    const { content_type: contentType } = at.variant;
    const disposition = contentDisposition(nameOf(found, at), contentType);
    void reply.headers({ ...HEADERS, 'content-disposition': disposition, 'content-type': contentType });
    if (isPlaylist(contentType)) await this.sendPlaylist(at, queryOf, reply);
    else await this.sendBytes(found, at, request, reply);
  }

  private async sendBytes(
    { media }: FileWithMedia,
    { key, variant }: FoundVariant,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { method, headers } = request;
    const info = await this.storage.head(key);
    if (!info) throw notFound('file');
    const etag = etagOf(media!.sha256, variant.name, info.etag);
    // Only GET supports ranges (RFC 9110, 14.2).
    const range = method === 'GET' ? headers.range : undefined;
    const conditions = {
      range,
      ifRange: headers['if-range'] as string | undefined,
      preconditions: preconditionsOf(request),
    };
    const outcome = outcomeOf(conditions, etag, info.sizeBytes);
    void reply.header('etag', etag);
    if (outcome.status === 304) return void reply.status(304).removeHeader('content-type').send();
    if (outcome.status === 416) {
      void reply.header('content-range', `bytes */${info.sizeBytes}`);
      throw Object.assign(new Error('range'), { statusCode: 416 });
    }
    const isPart = outcome.status === 206;
    const length = isPart ? outcome.end - outcome.start + 1 : info.sizeBytes;
    void reply.status(outcome.status).header('content-length', length);
    if (isPart) void reply.header('content-range', `bytes ${outcome.start}-${outcome.end}/${info.sizeBytes}`);
    // Fastify sets the length of any other HEAD answer to 0, so we send an empty stream.
    if (method === 'HEAD' || info.sizeBytes === 0) return void reply.send(Readable.from([]));
    const object = await this.storage.get(key, isPart ? { start: outcome.start, end: outcome.end } : undefined);
    if (!object) throw notFound('file');
    void reply.send(object.body);
  }

  private async sendPlaylist(
    { key, variant }: FoundVariant,
    queryOf: (variant: string) => string,
    reply: FastifyReply,
  ): Promise<void> {
    const object = await this.storage.get(key);
    if (!object) throw notFound('file');
    const playlist = rewritePlaylist(await text(object.body), variant.name, queryOf);
    // The playlist contains the requester's authorization, so it must not be cached.
    void reply.header('cache-control', 'private, no-store').removeHeader('accept-ranges').send(playlist);
  }
}

/** Equal for equal bytes, whichever file of the tenant they belong to. */
function etagOf(...parts: string[]): string {
  return `"${createHash('sha256').update(parts.join('\n')).digest('base64url').slice(0, 32)}"`;
}

/** Replaces the extension of the file's name with the variant's, if it has one: a WebP thumbnail of `a.png` is not a PNG. */
function nameOf({ file }: FileWithMedia, { variant }: FoundVariant): string {
  const ending = /\.[a-z0-9]{2,5}$/i.exec(variant.object)?.[0];
  if (!ending || file.name.toLowerCase().endsWith(ending.toLowerCase())) return file.name;
  return `${file.name.replace(/\.[A-Za-z0-9]{1,5}$/, '')}${ending}`;
}
