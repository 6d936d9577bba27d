import { Transform, type Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { MultipartFile } from '@fastify/multipart';
import { ObjectId } from 'bson';
import type { FastifyRequest } from 'fastify';
import { CaasError, invalid, type RequestContext } from '#caas/kernel';
import { ObjectStorage } from '#caas/platform/storage';
import { uploadKey } from '../persistence/object-keys';
import { fileTooLarge, MediaPolicies, type MediaPolicy } from '../limits/policies';
import type { StoredFile } from '../persistence';
import { declaredTypeOf, fileNameOf } from './names';
import { UploadsService } from './uploads.service';

/** The most bytes of the form besides the file: boundaries and part headers. */
const FORM_BYTES = 8 * 1024;

/** Uploads a file in one form request, streaming it to its final place. */
@Injectable()
export class MultipartUploads {
  constructor(
    private readonly uploads: UploadsService,
    private readonly storage: ObjectStorage,
    private readonly policies: MediaPolicies,
  ) {}

  /** @throws CaasError 400 `invalid_form`, 413 `file_too_large`, 415 `file_type_not_allowed`, 402 `quota_exceeded` */
  async take(ctx: RequestContext, request: FastifyRequest): Promise<StoredFile> {
    const policy = await this.policies.of(ctx);
    const announced = Number(request.headers['content-length'] ?? policy.maxFileBytes);
    if (announced > policy.maxFileBytes + FORM_BYTES) throw fileTooLarge(policy);
    if (!request.isMultipart()) throw invalidForm();
    const parts = request.parts({ limits: { fileSize: policy.maxFileBytes + 1, files: 2, fields: 0, parts: 2 } });
    let taken: StoredFile | null = null;
    let sizeBytes = 0;
    try {
      for await (const part of parts) {
        if (part.type !== 'file' || taken) throw invalidForm();
        taken = await this.begin(ctx, part, Math.min(announced, policy.maxFileBytes));
        sizeBytes = await this.store(ctx, taken, part.file, request, policy);
      }
    } catch (error) {
      if (taken) await this.uploads.endUpload(ctx, taken, 'any');
      throw formError(error);
    }
    if (!taken) throw invalidForm();
    return this.uploads.complete(ctx, taken, sizeBytes);
  }

  private begin(ctx: RequestContext, part: MultipartFile, sizeBytes: number): Promise<StoredFile> {
    const declaredType = declaredTypeOf(part.mimetype);
    return this.uploads.begin(ctx, { id: new ObjectId(), name: formFileName(part.filename), declaredType, sizeBytes });
  }

  /** @returns the number of bytes received */
  private async store(
    ctx: RequestContext,
    file: StoredFile,
    body: Readable,
    { raw }: FastifyRequest,
    policy: MediaPolicy,
  ): Promise<number> {
    let count = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        count += chunk.length;
        done(count > policy.maxFileBytes ? fileTooLarge(policy) : null, chunk);
      },
    });
    // An error before the storage subscribes would be unhandled and end the process.
    counted.on('error', () => undefined);
    const onClose = () => void (raw.complete || counted.destroy(new Error('the client is gone')));
    raw.once('close', onClose);
    body.once('error', (error) => counted.destroy(error));
    try {
      await this.storage.put(uploadKey(ctx.tenantId, file._id), body.pipe(counted));
      return count;
    } catch (error) {
      throw counted.errored ?? error;
    } finally {
      raw.removeListener('close', onClose);
      body.resume();
    }
  }
}

/** Browsers escape only quotes and line ends in a form's file name (HTML, "multipart form data"). */
const formFileName = (name: string) => fileNameOf(name.replace(/%22/g, '"').replace(/%0[AD]/gi, ' '));

const invalidForm = () => invalid('invalid_form', 'Send multipart/form-data with the file as its one part.');

/** Messages of the form parser for a form that is truncated or malformed. */
const BROKEN_FORM = /multipart data$|^Multipart: |^The needle cannot /;

/** Maps errors of the form parser, which have a code or only a message, to ours. */
function formError(error: unknown): unknown {
  if (error instanceof CaasError) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const isForms = typeof code === 'string' ? code.startsWith('FST_') : BROKEN_FORM.test(message ?? '');
  return isForms ? invalidForm() : error;
}
