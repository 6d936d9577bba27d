import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { PlatformRole } from '../credentials/platform-key';

/** The actor of a change in the control plane: an operator over HTTP or at the command line, or CaaS itself. */
export interface OperatorContext {
  readonly name: `platform:${PlatformRole}` | 'cli' | 'system';
  readonly requestId: string;
}

const OPERATOR = Symbol('OperatorContext');
type Bound = FastifyRequest & { [OPERATOR]?: OperatorContext };

export function bindOperator(request: FastifyRequest, role: PlatformRole): void {
  (request as Bound)[OPERATOR] = { name: `platform:${role}`, requestId: request.id };
}

/** The operator of a `@PlatformRoute()`. */
export const Operator = createParamDecorator((_data: unknown, host: ExecutionContext): OperatorContext => {
  const operator = host.switchToHttp().getRequest<Bound>()[OPERATOR];
  if (!operator) throw new Error('This route is no @PlatformRoute()');
  return operator;
});
