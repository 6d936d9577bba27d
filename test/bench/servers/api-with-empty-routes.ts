/** The api as it is, with three routes more that do nothing: authenticated, and the same with and without a context of its own. */
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
import { Authenticator, PublicRoute } from '#caas/access/testing';
import { AccessModule, SessionDirectory, UserDirectory, UserTokens } from '#caas/access';
import { users } from '#caas/domain/users';
import type { RequestContext } from '#caas/kernel';
import { createHttpApplication, serve } from '#caas/platform/http';
import { CaasIoAdapter } from '#caas/platform/realtime';
import { RequestContexts, TenancyModule, TenantDirectory } from '#caas/tenancy';

/** Checks credentials as the api does, and touches the tenant's connection with the context that comes of it, or does neither. */
abstract class ContextGuard implements CanActivate {
  protected abstract readonly authenticator: Authenticator;
  protected abstract use(ctx: RequestContext): void;

  async canActivate(host: ExecutionContext): Promise<boolean> {
    const { id: requestId, headers } = host.switchToHttp().getRequest<FastifyRequest>();
    const { authorization } = headers;
    const attempt = { requestId };
    this.use(await this.authenticator.authenticate({ authorization, actingUser: undefined, attempt }));
    return true;
  }
}

@Injectable()
class OpenedContextGuard extends ContextGuard {
  constructor(protected override readonly authenticator: Authenticator) {
    super();
  }

  protected override use(ctx: RequestContext): void {
    ctx.repository(users);
  }
}

/** Hands out one context again and again instead of opening one. */
@Injectable()
class KeptContextGuard extends ContextGuard {
  protected override readonly authenticator: Authenticator;

  constructor(
    tokens: UserTokens,
    tenants: TenantDirectory,
    contexts: RequestContexts,
    people: UserDirectory,
    sessions: SessionDirectory,
  ) {
    super();
    let kept: RequestContext | undefined;
    const keeping = { open: (...given: Parameters<RequestContexts['open']>) => (kept ??= contexts.open(...given)) };
    // Only user tokens come here.
    const noServerKeys = {} as ConstructorParameters<typeof Authenticator>[1];
    this.authenticator = new Authenticator(tokens, noServerKeys, tenants, keeping as RequestContexts, people, sessions);
  }

  protected override use(): void {}
}

@Controller('v1/bench')
class EmptyController {
  @Get('empty')
  empty() {
    return {};
  }

  @Get('with-context')
  @PublicRoute()
  @UseGuards(OpenedContextGuard)
  withContext() {
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

  @Module({
    imports: [AppModule, AccessModule, TenancyModule],
    controllers: [EmptyController],
    providers: [OpenedContextGuard, KeptContextGuard],
  })
  class ApiWithEmptyRoutes {}

  const app = await createHttpApplication(ApiWithEmptyRoutes);
  app.useWebSocketAdapter(new CaasIoAdapter(app));
  await serve(app);
}

void main();
