import { Global, Injectable, Module } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { loggingConfig } from './logging.config';

/** Never written, at whatever depth up to two they stand. */
const SECRET_FIELDS = [
  'authorization',
  'cookie',
  'token',
  'key',
  'secret',
  'password',
  'server_key',
  'signing_key',
  'push_token',
];
const REDACTED = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);

/**
 * The process' log: JSON lines. A line about a request, message or job is written through `of(ctx)` and so carries tenant and
 * request id; the child is made only when a line is written, because an ambient store costs every request, logged or not.
 */
@Injectable()
export class Log {
  readonly root: Logger;

  constructor(@InjectConfig(loggingConfig) config: ConfigOf<typeof loggingConfig>) {
    this.root = makeLogger(config.LOG_LEVEL);
  }

  of(ctx: RequestContext): Logger {
    return this.root.child({ tenant_id: ctx.tenantId, request_id: ctx.requestId, actor: ctx.actor.kind });
  }
}

export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const options = { level, base: { pid: process.pid }, redact: { paths: REDACTED, censor: '[secret]' } };
  return destination ? pino(options, destination) : pino(options);
}

@Global()
@Module({ providers: [Log], exports: [Log] })
export class LoggingModule {}
