import type { IncomingMessage } from 'node:http';
import { newRequestId } from '#caas/kernel';

const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The client's `X-Request-Id` if it can be logged and echoed unchanged, else a new id. */
export function requestIdOf(request: IncomingMessage): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && CLIENT_REQUEST_ID.test(given) ? given : newRequestId();
}
