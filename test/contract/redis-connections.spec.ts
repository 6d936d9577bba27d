import { Metrics } from '#caas/platform/metrics';
import { RedisConnections } from '#caas/platform/redis';
import { RedisMetrics } from '#caas/platform/redis/testing';
import { freePort } from '../../tools/stack';

const quiet = { root: { warn: () => undefined, info: () => undefined } };
const opened: RedisConnections[] = [];
afterAll(() => opened.forEach((connections) => connections.onApplicationShutdown()));

function connectionsTo(REDIS_URL: string): RedisConnections {
  const connections = new RedisConnections(
    { REDIS_URL } as never,
    quiet as never,
    {} as never,
    new RedisMetrics(new Metrics()),
  );
  opened.push(connections);
  return connections;
}

it('what is asked before the first connection stands is answered', async () => {
  expect(await connectionsTo(process.env['REDIS_URL']!).commands.ping()).toBe('PONG');
});

it('where there is no Redis, commands fail at once, from the first on', async () => {
  const { commands } = connectionsTo(`redis://127.0.0.1:${await freePort()}`);
  await expect(commands.ping()).rejects.toThrow();
  await expect(commands.ping()).rejects.toThrow(/enableOfflineQueue|Connection is closed|max retries/i);
});
