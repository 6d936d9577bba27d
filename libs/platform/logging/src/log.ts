import { Global, Injectable, Module } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { RequestContext } from '#caas/kernel';
import { InjectConfig, type ConfigOf } from '#caas/platform/config';
import { loggingConfig } from './logging.config';
import { BufferedOutput } from './buffered-output';
import { describeError, redact } from './redact';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** Writes lines about one request, message or job. */
export type ContextLog = Record<(typeof LEVELS)[number], (fields: object, message: string) => void>;

/**
 * The process' log: JSON lines, each key once. A line about a request, message or job is written through `of(ctx)` and so carries
 * tenant, request id and user; it is made only when a line is written, because an ambient store costs every request, logged or not.
 */
@Injectable()
export class Log {
  /** For lines that concern no tenant. */
  readonly root: Logger;

  constructor(@InjectConfig(loggingConfig) config: ConfigOf<typeof loggingConfig>) {
    this.root = makeLogger(config.LOG_LEVEL, new BufferedOutput(process.stdout));
  }

  of(ctx: RequestContext): ContextLog {
    const about = aboutOf(ctx);
    // Not a child logger of pino: when a bound field and a line's field have the same name, it writes the key twice.
    const writers = LEVELS.map((level) => [
      level,
      (fields: object, message: string) => this.root[level]({ ...about, ...fields }, message),
    ]);
    return Object.fromEntries(writers) as ContextLog;
  }
}

/** The fields of a line that identify the caller. */
export function aboutOf({ tenantId, requestId, actor }: RequestContext): Record<string, string> {
  const about = { tenant_id: tenantId, request_id: requestId, actor: actor.kind };
  return actor.kind === 'user' ? { ...about, user_id: actor.user.user_id.toHexString() } : about;
}

/** Keys that pino writes itself. */
const OWN_KEYS = ['level', 'time', 'pid', 'msg'];

function withoutOwnKeys(fields: Record<string, unknown>): Record<string, unknown> {
  if (!OWN_KEYS.some((key) => key in fields)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [OWN_KEYS.includes(key) ? `field_${key}` : key, value]),
  );
}

let timeMs = 0;
let timeField = '';

/** The time as an ISO 8601 field, formatted at most once a millisecond. */
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
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redact(withoutOwnKeys(fields)),
    },
    serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Global, because any library may need to log. */
@Global()
@Module({ providers: [Log], exports: [Log] })
export class LoggingModule {}
