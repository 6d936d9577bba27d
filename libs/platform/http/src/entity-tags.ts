import { hash } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { versionOf } from '#caas/kernel';
import { preconditionsOf } from './preconditions';
import { routeOption, routeOptionsOf } from './route-config';

const ANSWERED_VERSION = Symbol('answered version');
const DIGEST_CHARACTERS = 16;

type Reply = FastifyReply & { [ANSWERED_VERSION]?: number };

/**
 * Marks a `GET` of one resource: it answers a `versioned` body with an ETag, and 304 when the client already has that answer.
 * Routes that change the resource must take `@Conditional()`; otherwise the app does not start.
 */
export const EntityTag = (): MethodDecorator =>
  applyDecorators(
    routeOption({ hasEntityTag: true }),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'ETags of answers you have; 304 for the same one',
    }),
  );

/**
 * `ETag: "<version>-<digest>"` (docs/adr/0022). The digest covers the answer as it is sent, including fields that differ between
 * viewers. Only a `GET` with `@EntityTag()` has one.
 */
export function answerWithEntityTags(fastify: FastifyInstance): void {
  fastify.addHook('preSerialization', (request, reply: Reply, payload, done) => {
    const version = versionOf(payload);
    if (version === undefined) return done(null, payload);
    if (!isRead(request)) {
      reply[ANSWERED_VERSION] = version;
      return done(null, payload);
    }
    if (!routeOptionsOf(request).hasEntityTag) return done(null, payload);
    try {
      preconditionsOf(request).requireMatch(version);
      reply[ANSWERED_VERSION] = version;
    } catch (error) {
      return done(error as Error);
    }
    done(null, payload);
  });
  fastify.addHook('onSend', (request, reply: Reply, payload, done) => {
    const version = reply[ANSWERED_VERSION];
    if (version === undefined || typeof payload !== 'string' || reply.statusCode >= 300) return done(null, payload);
    const etag = `"${version}-${digestOf(payload)}"`;
    reply.header('etag', etag);
    if (!isRead(request) || !preconditionsOf(request).hasSeen(etag)) return done(null, payload);
    reply.code(304).removeHeader('content-type');
    // For a HEAD, the server removes the body itself after reading its length.
    done(null, request.method === 'HEAD' ? payload : '');
  });
}

const isRead = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD';

/** 96 bits are enough: there is nothing to gain from two answers with the same digest. */
const digestOf = (text: string) => hash('sha256', text, 'base64url').slice(0, DIGEST_CHARACTERS);
