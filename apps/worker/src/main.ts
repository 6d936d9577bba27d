import { NestFactory } from '@nestjs/core';
import { ConfigurationError } from '#caas/platform/config';
import { Log, NestLog } from '#caas/platform/logging';

const SHUTDOWN_TIMEOUT_MS = 8_000;

async function main(): Promise<void> {
  // Loaded here because to load it is to read the configuration, whose problems are told below.
  const { AppModule } = await import('./app.module.js');
  const app = await NestFactory.createApplicationContext(AppModule, { bufferLogs: true, abortOnError: false });
  const log = app.get(Log);
  app.useLogger(new NestLog(log));
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      log.root.info({ signal }, 'stopping');
      setTimeout(() => process.exit(1), SHUTDOWN_TIMEOUT_MS).unref();
      void app.close().finally(() => process.exit(0));
    });
  }
  log.root.info('working');
}

main().catch((error: Error) => {
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : error.stack}\n`);
  process.exit(1);
});
