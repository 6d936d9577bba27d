import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { configToken, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { httpConfig } from './http.config';
import { ServerState } from './server-state';

/**
 * Listens on `HOST:PORT`, and shuts down on SIGTERM or SIGINT: new connections are refused, open requests are finished, then the
 * modules stop. After `SHUTDOWN_TIMEOUT` the process ends in any case.
 * @returns the URL it listens on
 */
export async function serve(app: NestFastifyApplication): Promise<string> {
  const { HOST, PORT, SHUTDOWN_TIMEOUT } = app.get<ConfigOf<typeof httpConfig>>(configToken(httpConfig));
  const { root } = app.get(Log);
  let ending = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      app.get(ServerState).draining = true;
      root.info({ signal }, 'stopping');
      setTimeout(() => {
        root.error('open requests did not end in time');
        process.exit(1);
      }, SHUTDOWN_TIMEOUT).unref();
      app.close().then(
        () => process.exit(0),
        (error: unknown) => {
          root.error({ err: error }, 'stopping failed');
          process.exit(1);
        },
      );
    });
  }
  await app.listen(PORT, HOST);
  const url = await app.getUrl();
  root.info({ url }, 'listening');
  return url;
}
