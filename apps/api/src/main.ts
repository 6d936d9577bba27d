import { ConfigurationError, configToken, type ConfigOf } from '#caas/platform/config';
import { createHttpApplication, httpConfig, serveDocs } from '#caas/platform/http';
import { Log } from '#caas/platform/logging';
import { AppModule } from './app.module';

async function main(): Promise<void> {
  const app = await createHttpApplication(AppModule);
  const { HOST, PORT } = app.get<ConfigOf<typeof httpConfig>>(configToken(httpConfig));
  serveDocs(app, '1');
  await app.listen(PORT, HOST);
  app.get(Log).root.info({ url: await app.getUrl() }, 'the api is listening');
}

main().catch((error: Error) => {
  // The log may not exist yet: what stops a process from starting goes to where an operator looks.
  process.stderr.write(`${error instanceof ConfigurationError ? error.message : error.stack}\n`);
  process.exit(1);
});
