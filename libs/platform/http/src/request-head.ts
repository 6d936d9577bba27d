import type { FastifyReply, FastifyRequest } from 'fastify';
import { CaasError, invalid } from '#caas/kernel';
import { fieldName } from './input/field-problems';
import { textProblem } from './input/well-formed';
import { routeOption, routeOptionsOf } from './route-config';

/** Octets that a URL holds as they are; anything else is percent-encoded (RFC 3986). */
const PLAIN_QUERY = /^[\x21-\x24\x26-\x7e]*$/;
const NOT_IN_URL = /[^\x21-\x7e]/;
const CHARSET = /;\s*charset\s*=\s*"?([^\s";]*)/i;

/** Media types that a route reads itself; every route takes JSON. */
export const BodyTypes = (...bodyTypes: string[]) => routeOption({ bodyTypes });

/**
 * Requires each parameter to be percent-encoded UTF-8: the query parser passes on unchanged what it cannot decode.
 * @throws CaasError `invalid_parameter` (400), naming the parameter
 */
export function requireReadableQuery(url: string): void {
  const start = url.indexOf('?');
  if (start === -1) return;
  const query = url.slice(start + 1);
  if (PLAIN_QUERY.test(query)) return;
  for (const pair of query.split('&')) {
    const problem = parameterProblem(pair);
    if (problem === null) continue;
    const field = fieldName([decoded(pair.split('=', 1)[0]!) ?? pair.split('=', 1)[0]!]);
    throw invalid('invalid_parameter', `The parameter "${field}" ${problem}.`, [{ field, message: problem }]);
  }
}

/**
 * Checks the headers that describe the body, before the body is read.
 * @throws CaasError 415 `content_encoding_not_supported`, `unsupported_media_type`; 413 `payload_too_large`
 */
export function requireReadableBody(request: FastifyRequest, reply: FastifyReply): void {
  const { headers } = request;
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding.split(',').some((one) => !/^(?:identity)?$/i.test(one.trim()))) {
    void reply.header('accept-encoding', 'identity');
    throw new CaasError(
      'unsupported_media',
      'content_encoding_not_supported',
      'Send the body without a Content-Encoding.',
    );
  }
  if (headers['content-type'] !== undefined && hasBody(request)) requireMediaType(request, headers['content-type']);
  if (Number(headers['content-length']) > request.routeOptions.bodyLimit! && isJson(headers['content-type'])) {
    throw new CaasError('too_large', 'payload_too_large', 'The body is larger than this route takes.');
  }
}

function requireMediaType(request: FastifyRequest, contentType: string): void {
  if (isJson(contentType)) {
    const charset = CHARSET.exec(contentType)?.[1] ?? 'utf-8';
    if (!/^utf-?8$/i.test(charset)) throw unsupported('Send JSON in UTF-8, without another charset.');
    return;
  }
  const { bodyTypes = [] } = routeOptionsOf(request);
  if (bodyTypes.includes(mediaTypeOf(contentType))) return;
  throw unsupported(`Send the body as ${[...bodyTypes, 'application/json'].join(' or ')}.`);
}

export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

const isJson = (contentType: string | undefined) => mediaTypeOf(contentType ?? '') === 'application/json';
const mediaTypeOf = (contentType: string) => contentType.split(';', 1)[0]!.trim().toLowerCase();
const unsupported = (detail: string) => new CaasError('unsupported_media', 'unsupported_media_type', detail);

function parameterProblem(pair: string): string | null {
  const text = NOT_IN_URL.test(pair) ? null : decoded(pair);
  return text === null ? 'must be percent-encoded UTF-8' : textProblem(text);
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
