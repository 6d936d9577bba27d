import type { FastifyRequest } from 'fastify';
import type { Peer } from './address';

/** Where a request comes from. `request.ip` would take a port for a part of the address. */
export function peerOf({ socket, headers }: FastifyRequest): Peer {
  const forwarded = headers['x-forwarded-for'];
  return {
    address: socket.remoteAddress ?? '',
    forwardedFor: Array.isArray(forwarded) ? forwarded.join() : forwarded,
  };
}
