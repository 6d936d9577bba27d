import { addAbortSignal, PassThrough, Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { Server, type Upload } from '@tus/server';
import { ObjectId } from 'bson';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { conflict, invalid, notFound, type RequestContext } from '#caas/kernel';
import { ObjectStorage } from '#caas/platform/storage';
import { isOwner } from '../persistence/owners';
import { MediaPolicies } from '../limits/policies';
import { files, type StoredFile } from '../persistence';
import { CHECKSUM_ALGORITHMS, checkedBody, type CheckedBody } from './checksum';
import { declaredTypeOf, fileNameOf } from './names';
import { tusProblem } from './tus-problems';
import { TusStore } from './tus-store';
import { UploadLeases } from './upload-leases';
import { UploadsService } from './uploads.service';

export const UPLOADS_PATH = '/v1/files/uploads';
/** A request may last five minutes (`libs/platform/http`). A slower one is ended before that, and the received bytes are kept. */
const REQUEST_AT_MOST_MS = 4 * 60_000;
const DRAIN_MS = 200;

type Body = 'none' | 'bytes';

/** Implements tus 1.0 on the rows of `files`. Each request creates a tus server, which knows the actor and one upload. */
@Injectable()
export class TusUploads {
  constructor(
    private readonly uploads: UploadsService,
    private readonly storage: ObjectStorage,
    private readonly policies: MediaPolicies,
    private readonly leases: UploadLeases,
  ) {}

  /** `POST` and `OPTIONS` on the collection. */
  async create(ctx: RequestContext, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!['POST', 'OPTIONS'].includes(methodOf(request))) throw wrongMethod();
    await this.answer(ctx, null, request, reply);
  }

  /**
   * `HEAD`, `PATCH` and `DELETE` of one upload, or a `POST` that stands for one of them.
   * @throws CaasError `upload_not_found` (404), `upload_finished` (409), `invalid_method_override` (400)
   */
  async serve(ctx: RequestContext, id: ObjectId, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (!['HEAD', 'PATCH', 'DELETE'].includes(methodOf(request))) throw wrongMethod();
    const file = await ctx.repository(files).findById(id);
    // An upload in one request cannot be resumed.
    const isResumable = file?.upload || file?.status !== 'uploading';
    if (!file || !isResumable || !isOwner(ctx, file)) throw notFound('upload');
    if (methodOf(request) === 'DELETE' && file.status !== 'uploading') {
      throw conflict('upload_finished', 'The upload is whole. DELETE /v1/files/:id removes the file.');
    }
    await this.answer(ctx, file, request, reply);
  }

  private async answer(
    ctx: RequestContext,
    file: StoredFile | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    void reply.header('tus-resumable', '1.0.0');
    const locker = this.leases.lockerOf(ctx.tenantId);
    const store = new TusStore(ctx, this.uploads, this.storage, locker.leases, file);
    let failure: unknown;
    const server = new Server({
      path: UPLOADS_PATH,
      relativeLocation: true,
      datastore: store,
      locker,
      lockDrainTimeout: DRAIN_MS,
      maxSize: file?.size_bytes ?? (await this.policies.of(ctx)).maxFileBytes,
      namingFunction: () => new ObjectId().toHexString(),
      getFileIdFromRequest: () => file?._id.toHexString(),
      onUploadCreate: async (_request, upload) => {
        const metadata = header(request, 'upload-metadata') ?? null;
        store.file = await this.uploads.begin(ctx, newUpload(upload), { metadata });
        return {};
      },
      onUploadFinish: async () => {
        await store.completeWhenWhole();
        return {};
      },
      onResponseError: (_request, error) => void (failure = error),
    });
    const body = bytesOf(request);
    let checked: CheckedBody | null = null;
    try {
      checked = await this.checkedBodyOf(request, body, file);
      const answer = await server.handleWeb(webRequest(request, checked?.body ?? body) as never);
      if (answer.status >= 400) throw tusProblem(failure, answer.status, await answer.text());
      this.send(answer, store, request, reply);
    } catch (error) {
      // Reads and discards the rest of the body, so that the client receives the answer and can reuse the connection.
      request.raw.unpipe();
      request.raw.resume();
      // The client never received the upload's address, so it cannot resume it.
      if (!file && store.file) await this.uploads.endUpload(ctx, store.file, 'any');
      throw error;
    } finally {
      await checked?.remove();
    }
  }

  private async checkedBodyOf(
    request: FastifyRequest,
    bytes: Readable,
    file: StoredFile | null,
  ): Promise<CheckedBody | null> {
    const checksum = header(request, 'upload-checksum');
    if (checksum === undefined || bodyOf(request) === 'none') return null;
    const left = file
      ? file.size_bytes - Number(header(request, 'upload-offset'))
      : Number(header(request, 'upload-length'));
    return checkedBody(checksum, bytes, left);
  }

  private send(answer: Response, store: TusStore, request: FastifyRequest, reply: FastifyReply): void {
    for (const [name, value] of answer.headers) {
      // CORS headers were already set; see `applyCors`.
      if (!name.startsWith('access-control-')) void reply.header(name, value);
    }
    if (methodOf(request) === 'OPTIONS') void reply.header('tus-checksum-algorithm', CHECKSUM_ALGORITHMS.join(','));
    const { file } = store;
    if (file?.upload_expires_at && methodOf(request) !== 'DELETE') {
      void reply.header('upload-expires', file.upload_expires_at.toUTCString());
    } else void reply.removeHeader('upload-expires');
    if (methodOf(request) === 'HEAD' && file?.upload?.metadata)
      void reply.header('upload-metadata', file.upload.metadata);
    void reply.status(answer.status).send();
  }
}

function newUpload({ id, size, metadata }: Upload) {
  if (size === undefined) throw invalid('upload_length_required', 'Say the length of the upload when it is created.');
  return {
    id: new ObjectId(id),
    name: fileNameOf(metadata?.['filename'] ?? metadata?.['name']),
    declaredType: declaredTypeOf(metadata?.['filetype'] ?? metadata?.['type']),
    sizeBytes: size,
  };
}

/** Copies the request's bytes to a separate stream, so that destroying it does not end the connection. */
function bytesOf(request: FastifyRequest): Readable {
  const bytes = new PassThrough();
  if (bodyOf(request) === 'none') return bytes.end();
  const { raw } = request;
  addAbortSignal(AbortSignal.timeout(REQUEST_AT_MOST_MS), raw);
  raw.once('close', () => void (raw.complete || bytes.destroy(new Error('the client is gone'))));
  bytes.on('error', () => undefined);
  return raw.pipe(bytes);
}

/** Converts the request to a Fetch API request. Only a request with bytes has a body. */
function webRequest(request: FastifyRequest, body: Readable): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value);
  const url = `http://upload${request.url.split('?', 1)[0]}`;
  const method = methodOf(request);
  if (bodyOf(request) === 'none') return new Request(url, { method, headers });
  const init = { method, headers, body: Readable.toWeb(body), duplex: 'half' };
  return new Request(url, init as unknown as RequestInit);
}

function bodyOf(request: FastifyRequest): Body {
  const [method, { headers }] = [methodOf(request), request];
  const mayHave = method === 'PATCH' || method === 'POST';
  const has = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  return mayHave && has ? 'bytes' : 'none';
}

/**
 * For clients behind proxies that only allow GET and POST (tus 1.0, "X-HTTP-Method-Override").
 * @throws CaasError `invalid_method_override` (400)
 */
function methodOf(request: FastifyRequest): string {
  const wanted = header(request, 'x-http-method-override')?.toUpperCase();
  if (wanted === undefined || wanted === request.method) return request.method;
  if (request.method !== 'POST') throw wrongMethod();
  return wanted;
}

const wrongMethod = () =>
  invalid('invalid_method_override', 'A POST to an upload says HEAD, PATCH or DELETE in X-HTTP-Method-Override.');

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join() : value;
};
