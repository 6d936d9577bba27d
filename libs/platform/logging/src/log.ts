import { Global, Injectable, Module } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { loggingConfig } from './logging.config';
import { BufferedOutput } from './buffered-output';
import { describeError, redact } from './redact';

/**
 * The process' log: JSON lines. A line about a request, message or job is written through `of(ctx)` and so carries tenant and
 * request id; the child is made only when a line is written, because an ambient store costs every request, logged or not.
 */
@Injectable()
export class Log {
  /** For what concerns no tenant. What a child is bound to is not redacted: bind ids alone. */
  readonly root: Logger;

  constructor(@InjectConfig(loggingConfig) config: ConfigOf<typeof loggingConfig>) {
    this.root = makeLogger(config.LOG_LEVEL, new BufferedOutput(process.stdout));
  }

  of(ctx: RequestContext): Logger {
    return this.root.child({ tenant_id: ctx.tenantId, request_id: ctx.requestId, actor: ctx.actor.kind });
  }
}

let timeMs = 0;
let timeField = '';

/** ISO 8601, written anew once a millisecond. */
function isoTime(): string {
  const now = Date.now();
  if (now !== timeMs) timeField = `,"time":"${new Date((timeMs = now)).toISOString()}"`;
  return timeField;
}

/** @param destination tests hand in their own; else standard output */
export function makeLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: isoTime,
    formatters: { level: (label: string) => ({ level: label }), log: redact },
    serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
  };
  return destination ? pino(options, destination) : pino(options);
}

@Global()
@Module({ providers: [Log], exports: [Log] })
export class LoggingModule {}
