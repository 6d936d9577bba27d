import { HttpException } from '@nestjs/common';
import { CaasError, DuplicateKeyError, type ErrorKind, type FieldError } from '#caas/kernel';

/** The body of every failure (RFC 9457, `application/problem+json`), and the `error` of a socket's acknowledgement. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** A stable word to program against. */
  code: string;
  request_id: string;
  errors?: FieldError[];
}

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  quota: 402,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  stale: 412,
  too_large: 413,
  unsupported_media: 415,
  mismatch: 422,
  too_many: 429,
  internal: 500,
  unavailable: 503,
} as const satisfies Record<ErrorKind, number>;

const TITLE: Record<number, string> = {
  400: 'Bad request',
  401: 'Not authenticated',
  402: 'Quota exceeded',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  412: 'Stale version',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Mismatch',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Unavailable',
};

/** What Nest and Fastify refuse by themselves, in words of ours. */
const FRAMEWORK: Record<number, [code: string, detail: string]> = {
  400: ['malformed_request', 'The request cannot be read.'],
  404: ['route_not_found', 'There is no such route.'],
  405: ['method_not_allowed', 'This route does not take that method.'],
  413: ['payload_too_large', 'The body is larger than this route takes.'],
  414: ['url_too_long', 'The URL is too long.'],
  415: ['unsupported_media_type', 'Send the body as application/json.'],
};

const BODY_ERRORS: Record<string, string> = {
  FST_ERR_CTP_INVALID_JSON_BODY: 'The body is not valid JSON.',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'The body is empty, though its type is JSON.',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'The body is not as long as Content-Length says.',
};

const ENGINE_IS_AWAY = new Set([
  'MongoServerSelectionError',
  'MongoNetworkError',
  'MongoNetworkTimeoutError',
  'MongoPoolClearedError',
  'MongoNotConnectedError',
  'MongooseServerSelectionError',
  'MaxRetriesPerRequestError',
]);

/** Any error as a problem. Nothing of the inside of CaaS is in it, but for errors that were written for the client. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof CaasError) return fromCaasError(error, requestId);
  if (error instanceof DuplicateKeyError)
    return problem(409, 'already_exists', 'Something with these values exists.', requestId);
  const { statusCode, code, name } = error as { statusCode?: number; code?: unknown; name?: string };
  if (typeof code === 'string' && code in BODY_ERRORS)
    return problem(400, 'malformed_body', BODY_ERRORS[code]!, requestId);
  if (error instanceof SyntaxError && statusCode === 400) {
    return problem(400, 'malformed_body', 'The body is not valid JSON, or holds a forbidden key.', requestId);
  }
  if (name !== undefined && ENGINE_IS_AWAY.has(name)) {
    return problem(503, 'unavailable', 'A part of the service is not reachable. Try again.', requestId);
  }
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const known = status === undefined ? undefined : FRAMEWORK[status];
  if (status !== undefined && known) return problem(status, known[0], known[1], requestId);
  if (status !== undefined && status >= 400 && status < 500)
    return problem(status, 'refused', 'The request was refused.', requestId);
  return problem(500, 'internal', 'Something went wrong on our side. The request id helps us find it.', requestId);
}

export function isOurFault(problem: Problem): boolean {
  return problem.status >= 500 && problem.status !== 503;
}

function fromCaasError(error: CaasError, requestId: string): Problem {
  if (error.kind === 'internal') return toProblem(new Error(error.message), requestId);
  const base = problem(STATUS[error.kind], error.code, error.message, requestId);
  return error.fields.length > 0 ? { ...base, errors: error.fields } : base;
}

function problem(status: number, code: string, detail: string, requestId: string): Problem {
  return {
    type: `urn:caas:problem:${code}`,
    title: TITLE[status] ?? 'Error',
    status,
    detail,
    code,
    request_id: requestId,
  };
}
