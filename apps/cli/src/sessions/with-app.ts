import { NestFactory } from '@nestjs/core';
import { RequestContexts } from '#caas/tenancy';
import type { Answer, Parts, Session } from '../framework/command';
import { Progress } from '../framework/progress';
import { operatorEnvironment } from './environment';
import { OPERATOR } from './operator';

/** Does the work in an application of the parts it needs, which is closed again. */
export async function withApp(
  parts: Exclude<Parts, 'nothing'>,
  work: (session: Session) => Promise<Answer>,
): Promise<Answer> {
  const { AppModule } = await loadParts(parts);
  const app = await NestFactory.createApplicationContext(AppModule.with(operatorEnvironment()), {
    logger: false,
    abortOnError: false,
  });
  const progress = new Progress();
  try {
    return await work({
      operator: OPERATOR,
      app,
      progress: (line) => progress.tell(line),
      contextOf: (tenantId) =>
        app.get(RequestContexts).openFor(tenantId, { kind: 'system', name: OPERATOR.name }, OPERATOR.requestId),
    });
  } finally {
    progress.end();
    await app.close();
  }
}

const loadParts = (parts: Exclude<Parts, 'nothing'>) =>
  parts === 'everything' ? import('../app.module.js') : import('../control-plane.module.js');
