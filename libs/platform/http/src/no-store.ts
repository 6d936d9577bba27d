import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance, onSendHookHandler } from 'fastify';
import { routeOption, type RouteOptions } from './route-config';

/**
 * Marks a route that answers with a secret, a token or a key: all its answers, including failures, have `Cache-Control: no-store`
 * (RFC 9111, 5.2.2.5). A test finds routes with such fields in their answers and without this mark.
 */
export const NoStore = (): MethodDecorator =>
  applyDecorators(routeOption({ isSecret: true }), ApiExtension('x-no-store', true));

const forbidStoring: onSendHookHandler = (_request, reply, payload, done) => {
  reply.header('cache-control', 'no-store');
  done(null, payload);
};

/** Adds the hook to these routes only, so that it costs the others nothing. */
export function answerWithoutStoring(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (!((route.config ?? {}) as RouteOptions).isSecret) return;
    route.onSend = [forbidStoring, ...[route.onSend ?? []].flat()];
  });
}
