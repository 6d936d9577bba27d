import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance, onSendHookHandler } from 'fastify';
import { routeOption, type RouteOptions } from './route-config';

/**
 * The route answers a secret, a token or a key: `Cache-Control: no-store` (RFC 9111, 5.2.2.5) on everything that it answers, its
 * failures too. A test finds routes whose answers have such fields and that are without it.
 */
export const NoStore = (): MethodDecorator =>
  applyDecorators(routeOption({ isSecret: true }), ApiExtension('x-no-store', true));

const forbidStoring: onSendHookHandler = (_request, reply, payload, done) => {
  reply.header('cache-control', 'no-store');
  done(null, payload);
};

/** Adds a hook to these routes alone, so that the others pay nothing for it. */
export function answerWithoutStoring(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    if (!((route.config ?? {}) as RouteOptions).isSecret) return;
    route.onSend = [forbidStoring, ...[route.onSend ?? []].flat()];
  });
}
