import { HttpException } from '@nestjs/common';
import {
  CaasError,
  DuplicateKeyError,
  type ErrorKind,
  type FieldError,
  isDuplicateKey,
  isEngineAway,
} from '#caas/kernel';
import { MAX_FIELD, MAX_PROBLEMS } from './input/field-problems';

/** The body of every failure (RFC 9457, `application/problem+json`), and the `error` of a socket's acknowledgement. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  /** A stable identifier that clients may rely on. */
  code: string;
  request_id: string;
  errors?: FieldError[];
  /** Seconds; over HTTP also as the header `Retry-After`. */
  retry_after?: number;
}

const MAX_DETAIL = 1_000;

export const PROBLEM_TYPE = 'application/problem+json';

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  quota: 402,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  gone: 410,
  stale: 412,
  too_large: 413,
  unsupported_media: 415,
  mismatch: 422,
  too_many: 429,
  checksum: 460,
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
  408: 'Request timeout',
  409: 'Conflict',
  410: 'Gone',
  412: 'Stale version',
  413: 'Too large',
  414: 'URL too long',
  415: 'Unsupported media type',
  416: 'Range not satisfiable',
  417: 'Expectation failed',
  422: 'Mismatch',
  429: 'Too many requests',
  431: 'Headers too large',
  460: 'Checksum mismatch',
  500: 'Internal error',
  503: 'Unavailable',
};

/** Problems for what Nest and Fastify refuse by themselves, in our wording. */
const FRAMEWORK: Record<number, [code: string, detail: string]> = {
  400: ['malformed_request', 'The request cannot be read.'],
  401: ['unauthenticated', 'The request needs a credential.'],
  403: ['forbidden', 'The request is not allowed.'],
  404: ['route_not_found', 'There is no such route.'],
  405: ['method_not_allowed', 'This route does not take that method.'],
  408: ['request_timeout', 'The request took too long to arrive.'],
  413: ['payload_too_large', 'The body is larger than this route takes.'],
  414: ['url_too_long', 'The URL, or a part of it, is too long.'],
  415: ['unsupported_media_type', 'Send the body as application/json.'],
  416: ['range_not_satisfiable', 'There is nothing in that range.'],
  417: ['expectation_failed', 'No Expect other than 100-continue is known here.'],
  429: ['too_many_requests', 'Too many requests. Try again later.'],
  431: ['headers_too_large', 'The headers are larger than this server takes.'],
};

/** Turns any error into a problem. It contains no internal details of CaaS; only errors written for the client keep their text. */
export function toProblem(error: unknown, requestId: string): Problem {
  if (error instanceof CaasError) return fromCaasError(error, requestId);
  if (error instanceof DuplicateKeyError || isDuplicateKey(error)) {
    return problem(409, 'already_exists', 'Something with these values exists.', requestId);
  }
  if (isEngineAway(error)) {
    return problem(503, 'unavailable', 'A part of the service is not reachable. Try again.', requestId);
  }
  const status = statusOf(error);
  if (status === 503) return problem(503, 'unavailable', 'The service cannot answer now. Try again.', requestId);
  if (status === undefined || status < 400 || status >= 500) {
    return problem(500, 'internal', 'Something went wrong on our side. The request id helps us find it.', requestId);
  }
  const [code, detail] = FRAMEWORK[status] ?? ['refused', 'The request was refused.'];
  return problem(status, code, detail, requestId);
}

/** Whether the problem is a server fault, to be logged as an error: neither a client's mistake nor an unreachable engine. */
export function isOurFault(problem: Problem): boolean {
  return problem.status >= 500 && problem.status !== 503;
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

function fromCaasError(error: CaasError, requestId: string): Problem {
  if (error.kind === 'internal') return toProblem(undefined, requestId);
  const base = problem(STATUS[error.kind], error.code, shortened(error.message, MAX_DETAIL), requestId);
  return {
    ...base,
    ...(error.fields.length > 0 ? { errors: error.fields.slice(0, MAX_PROBLEMS).map(shortField) } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { retry_after: error.retryAfterSeconds }),
  };
}

/** Keeps the answer to some KB at most, since its text may contain what the client sent. */
const shortField = ({ field, message }: FieldError): FieldError => ({
  field: shortened(field, MAX_FIELD),
  message: shortened(message, MAX_DETAIL),
});

const shortened = (text: string, length: number) =>
  (text.length > length ? `${text.slice(0, length)}…` : text).toWellFormed();

function problem(status: number, code: string, detail: string, requestId: string): Problem {
  return {
    type: `urn:caas:problem:${code}`,
    title: TITLE[status] ?? 'Refused',
    status,
    detail,
    code,
    request_id: requestId,
  };
}
