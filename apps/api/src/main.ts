import type { FastifyRequest } from 'fastify';
import { OperatorAuth } from '#caas/access';
import { AuditLog } from '#caas/control-plane';
import { ConfigurationError } from '#caas/platform/config';
import { createHttpApplication, serve, serveDocs } from '#caas/platform/http';
import { serveBullBoard } from '#caas/platform/queue';
import { CaasIoAdapter, serveAsyncApi } from '#caas/platform/realtime';

const API_VERSION = '1';

async function main(): Promise<void> {
  // Loaded here because to load it is to read the configuration, whose problems are told below.
  const { AppModule } = await import('./app.module.js');
  const app = await createHttpApplication(AppModule);
  app.useWebSocketAdapter(new CaasIoAdapter(app));
  serveDocs(app, API_VERSION);
  serveAsyncApi(app, API_VERSION);
  const operators = app.get(OperatorAuth);
  const audit = app.get(AuditLog);
  const check = (request: FastifyRequest) => operators.authenticate(request);
  serveBullBoard(app, check, ({ request, method, path }) => {
    audit.note({ name: 'platform:admin', requestId: request.id }, 'queue.changed', null, { method, path });
  });
  await serve(app);
}

main().catch((error: Error) => {
  // The log may not exist yet: what stops a process from starting goes to where an operator looks.
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : error.stack}\n`);
  process.exit(1);
});
