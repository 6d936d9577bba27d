import type { INestApplication } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { EVENTS } from '#caas/contracts';
import { SocketMessages } from './socket-messages';

const PATH = '/docs/asyncapi.json';

/** The socket's messages as an AsyncAPI 3 document, made from the contracts and from the methods that answer clients. */
export function serveAsyncApi(app: INestApplication, version: string): void {
  const fastify = app.getHttpAdapter().getInstance() as FastifyInstance;
  fastify.get(PATH, (_request, reply) => reply.send(document(app.get(SocketMessages).names, version)));
}

function document(fromClients: string[], version: string) {
  const sent = Object.entries(EVENTS).map(([type, { version: eventVersion, data }]) => [
    type,
    { name: type, title: `${type} (version ${eventVersion})`, payload: envelope(type, z.toJSONSchema(data)) },
  ]);
  const received = fromClients.map((name) => [
    name,
    {
      name,
      title: `${name}, acknowledged with { ok: true, data } or { ok: false, error: <problem> }`,
      payload: { type: 'object', description: 'The fields of the same call over REST; ids of the path become fields.' },
    },
  ]);
  const reference = (name: string) => ({ $ref: `#/channels/realtime/messages/${name.replaceAll('/', '~1')}` });
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'CaaS sockets',
      version,
      description: 'socket.io 4 on path /realtime, auth: { token: <user token> }.',
    },
    channels: { realtime: { address: '/realtime', messages: Object.fromEntries([...sent, ...received]) } },
    operations: {
      receiveEvents: {
        action: 'send',
        channel: { $ref: '#/channels/realtime' },
        messages: sent.map(([name]) => reference(name as string)),
      },
      sendMessages: {
        action: 'receive',
        channel: { $ref: '#/channels/realtime' },
        messages: received.map(([name]) => reference(name as string)),
      },
    },
  };
}

function envelope(type: string, data: unknown) {
  return {
    type: 'object',
    required: ['id', 'type', 'at', 'data'],
    properties: {
      id: { type: 'string' },
      type: { const: type },
      at: { type: 'string', format: 'date-time' },
      conversation_id: { type: 'string' },
      seq: { type: 'integer' },
      rev: { type: 'integer' },
      covers: {
        type: 'array',
        items: { type: 'integer' },
        minItems: 2,
        maxItems: 2,
        description: 'The first and the last rev that the event stands for. The last is its own.',
      },
      data,
    },
  };
}
