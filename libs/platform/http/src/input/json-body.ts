import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CaasError, invalid } from '#caas/kernel';
import { findContext } from '../context-binding';
import { problemsOfJson } from './json-text';
import { OpenBodies } from './open-bodies';

const BYTE_ORDER_MARK = 0xfeff;
/** The memory of a chunk besides its bytes: a body may arrive byte by byte. */
const CHUNK_BYTES = 256;
/** A body is first checked after this many bytes: if its beginning is refused, the rest is not read. */
const LOOKED_AT_BYTES = 64 * 1024;

/**
 * Accepts only JSON bodies: strict UTF-8, and nothing that `problemsOfJson` refuses. An empty body counts as none, since many
 * clients send a content type with every request.
 * @param timeoutMs how long a body may take to arrive, from the end of its headers
 */
export function acceptJsonOnly(fastify: FastifyInstance, timeoutMs: number): void {
  const openBodies = new OpenBodies();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', async (request: FastifyRequest, payload: IncomingMessage) =>
    parseJson(await readBody(request, payload, openBodies, timeoutMs)),
  );
}

/** @throws CaasError `malformed_body`, `validation_failed` (400) */
function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isUtf8(body)) throw malformed('The body is not valid UTF-8.');
  const text = body.toString('utf8');
  problemsOfJson(text).throwIfAny();
  try {
    return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text) as unknown;
  } catch {
    throw malformed('The body is not valid JSON.');
  }
}

/** @throws CaasError 408 `request_timeout`, 413 `payload_too_large`, and what `OpenBodies` throws */
function readBody(
  request: FastifyRequest,
  payload: IncomingMessage,
  openBodies: OpenBodies,
  timeoutMs: number,
): Promise<Buffer> {
  const limitBytes = request.routeOptions.bodyLimit!;
  const owner = findContext(request)?.tenantId ?? 'platform';
  const chunks: Buffer[] = [];
  let bytes = 0;
  let held = 0;
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer) => {
      if (bytes + chunk.length > limitBytes) return fail(tooLarge());
      try {
        openBodies.hold(owner, chunk.length + CHUNK_BYTES);
        held += chunk.length + CHUNK_BYTES;
        chunks.push(chunk);
        if (bytes < LOOKED_AT_BYTES && bytes + chunk.length >= LOOKED_AT_BYTES) lookAtBeginning(chunks);
      } catch (error) {
        return fail(error);
      }
      bytes += chunk.length;
    };
    const succeed = () => {
      stop();
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes));
    };
    const fail = (error: unknown) => {
      stop();
      reject(error as Error);
    };
    const abort = () => fail(aborted());
    const stop = () => {
      clearTimeout(timer);
      openBodies.release(owner, held);
      payload.off('data', take).off('end', succeed).off('error', abort).off('close', abort);
      // A stream error without a listener would crash the process.
      payload.on('error', () => undefined);
    };
    const timer = setTimeout(() => fail(tooSlow()), timeoutMs);
    payload.on('data', take).once('end', succeed).once('error', abort).once('close', abort);
  });
}

/** @throws CaasError `malformed_body`, `validation_failed` (400) */
function lookAtBeginning(chunks: Buffer[]): void {
  problemsOfJson(Buffer.concat(chunks).toString('utf8')).throwIfAny();
}

const malformed = (detail: string) => invalid('malformed_body', detail);
const tooLarge = () => new CaasError('too_large', 'payload_too_large', 'The body is larger than this route takes.');
const tooSlow = () => new CaasError('timeout', 'request_timeout', 'The body took too long to arrive.');
const aborted = () => malformed('The body ended before it was whole.');
