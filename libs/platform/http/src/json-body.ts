import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { invalid } from '#caas/kernel';

/** Far beyond any body of ours, and below what recursive code and BSON (100 levels) bear. */
const DEEPEST_BODY = 64;

/**
 * Takes JSON bodies and no others: strict UTF-8, no `__proto__` or `constructor.prototype`, at most 64 levels deep. An empty body
 * counts as none, since many clients name a content type on every request.
 */
export function acceptJsonOnly(fastify: FastifyInstance): void {
  const parseJson = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    (request: FastifyRequest, body: Buffer, done) => {
      if (body.length === 0) return done(null, undefined);
      if (!isUtf8(body)) return done(malformed('The body is not valid UTF-8.'));
      if (isTooDeep(body)) return done(malformed(`The body is nested more than ${DEEPEST_BODY} levels deep.`));
      // Fastify's parser answers through the callback.
      const text = body.toString('utf8');
      void parseJson(request, text, (error, value) => {
        if (error) return done(malformed(reasonOf(error)));
        if (MAY_NAME_CONSTRUCTOR.test(text) && hasKey(value, 'constructor')) return done(malformed(FORBIDDEN_KEY));
        done(null, value);
      });
    },
  );
}

const malformed = (detail: string) => invalid('malformed_body', detail);

const FORBIDDEN_KEY = 'The body holds a forbidden key (__proto__ or constructor).';
/** Fastify refuses `constructor` only with a `prototype` inside; a lone one would slip past class-transformer, unknown as it is. */
const MAY_NAME_CONSTRUCTOR = /"constructor"\s*:|\\u/;

function reasonOf(error: Error): string {
  return /forbidden prototype/.test(error.message) ? FORBIDDEN_KEY : 'The body is not valid JSON.';
}

function hasKey(value: unknown, key: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (!Array.isArray(value) && Object.hasOwn(value, key)) return true;
  return Object.values(value).some((entry) => hasKey(entry, key));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside of texts, without building anything. */
function isTooDeep(body: Buffer): boolean {
  if (body.length <= 2 * DEEPEST_BODY) return false;
  let depth = 0;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at]!;
    if (byte === QUOTE) at = endOfText(body, at);
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > DEEPEST_BODY) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/** Where the text that begins at `start` ends: the next quote with an even number of backslashes before it. */
function endOfText(body: Buffer, start: number): number {
  let end = body.indexOf(QUOTE, start + 1);
  while (end !== -1) {
    let backslashes = 0;
    while (body[end - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
    end = body.indexOf(QUOTE, end + 1);
  }
  return body.length;
}
