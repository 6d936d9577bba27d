import type { FastifyReply } from 'fastify';

/** PUT answers 201 when it made the thing, else 200 (design §3). */
export function answering<T>(reply: FastifyReply, created: boolean, body: T): T {
  reply.status(created ? 201 : 200);
  return body;
}
