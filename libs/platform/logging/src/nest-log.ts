import type { LoggerService } from '@nestjs/common';
import type { Log } from './log';
import { redactText } from './redact';

/**
 * Writes Nest's own lines to the process's log. Its lines about the start are logged at a low level: they only matter when
 * something is wrong.
 */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest passes `(message, stack?, context)`, all of them strings, or an error as the message. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const texts = rest.filter((part): part is string => typeof part === 'string');
    const stack = texts.find((text) => text.includes('\n    at '));
    const fields = { context: texts.findLast((text) => text !== stack), stack: stack && redactText(stack) };
    if (message instanceof Error) this.target.root[level]({ ...fields, err: message }, redactText(message.message));
    else this.target.root[level](fields, redactText(String(message)));
  }
}
