/** The api as it is, with two routes more: an authenticated one that does nothing, and the same without a context of its own. */
import {
  Controller,
  Get,
  Injectable,
  Module,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Authenticator, PublicRoute, SessionDirectory, UserDirectory, UserTokens } from '#caas/access';
import { users } from '#caas/domain/users';
import type { RequestContext } from '#caas/kernel';
import { createHttpApplication, Ctx, serve } from '#caas/platform/http';
import { CaasIoAdapter } from '#caas/platform/realtime';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';

/** Checks the same credentials in the same way, but hands out one context again and again instead of opening one. */
@Injectable()
class KeptContextGuard implements CanActivate {
  private readonly authenticator: Authenticator;

  constructor(
    tokens: UserTokens,
    tenants: TenantDirectory,
    contexts: RequestContexts,
    people: UserDirectory,
    sessions: SessionDirectory,
  ) {
    let kept: RequestContext | undefined;
    const keeping = { open: (...given: Parameters<RequestContexts['open']>) => (kept ??= contexts.open(...given)) };
    // Only user tokens come here.
    const noServerKeys = {} as ConstructorParameters<typeof Authenticator>[1];
    this.authenticator = new Authenticator(tokens, noServerKeys, tenants, keeping as RequestContexts, people, sessions);
  }

  async canActivate(host: ExecutionContext): Promise<boolean> {
    const { id: requestId, headers } = host.switchToHttp().getRequest<FastifyRequest>();
    await this.authenticator.authenticate({ authorization: headers.authorization, actingUser: undefined, requestId });
    return true;
  }
}

@Controller('v1/bench')
class EmptyController {
  /** With everything that a route gets before its own first line, down to a repository on the tenant's connection. */
  @Get('with-context')
  withContext(@Ctx() ctx: RequestContext) {
    ctx.repository(users);
    return {};
  }

  @Get('without-context')
  @PublicRoute()
  @UseGuards(KeptContextGuard)
  withoutContext() {
    return {};
  }
}

async function main(): Promise<void> {
  const { AppModule } = await import('../../../apps/api/src/app.module.js');

  @Module({ imports: [AppModule], controllers: [EmptyController], providers: [KeptContextGuard] })
  class ApiWithEmptyRoutes {}

  const app = await createHttpApplication(ApiWithEmptyRoutes);
  app.useWebSocketAdapter(new CaasIoAdapter(app));
  await serve(app);
}

void main();
