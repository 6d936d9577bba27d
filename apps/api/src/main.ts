import { ConfigurationError } from '#caas/platform/config';
import { createHttpApplication, serve, serveDocs } from '#caas/platform/http';
import { CaasIoAdapter } from '#caas/platform/realtime';

async function main(): Promise<void> {
  // Loaded here because to load it is to read the configuration, whose problems are told below.
  const { AppModule } = await import('./app.module.js');
  const app = await createHttpApplication(AppModule);
  app.useWebSocketAdapter(new CaasIoAdapter(app));
  serveDocs(app, '1');
  await serve(app);
}

main().catch((error: Error) => {
  // The log may not exist yet: what stops a process from starting goes to where an operator looks.
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : error.stack}\n`);
  process.exit(1);
});
