import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { RedisConnections } from '#caas/platform/redis';

/** One Redis stream between all processes, those without clients too. */
export const betweenProcesses = (redis: RedisConnections) =>
  createAdapter(redis.open('socket.io'), { streamName: 'caas:socket.io', onlyPlaintext: true });
