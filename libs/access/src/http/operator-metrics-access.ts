import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { MetricsAccess } from '#caas/platform/health';
import { OperatorAuth } from './operator-auth';

/** On the port that clients use, only operators may read the metrics. */
@Injectable()
export class OperatorMetricsAccess extends MetricsAccess {
  constructor(private readonly operators: OperatorAuth) {
    super();
  }

  override require(request: FastifyRequest): Promise<unknown> {
    return this.operators.authenticate(request);
  }
}
