import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { RedisConnections } from '#caas/platform/redis';

export const STREAM = 'caas:socket.io';

/** One Redis stream between all processes, those without clients too. */
export const betweenProcesses = (redis: RedisConnections) =>
  createAdapter(redis.open('socket.io'), { streamName: STREAM, onlyPlaintext: true });
