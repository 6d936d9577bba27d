import type { LoggerService } from '@nestjs/common';
import type { Log } from './log';

/** Nest's own lines, in the process' log. What Nest tells of its start is only of interest when something is wrong. */
export class NestLog implements LoggerService {
  constructor(private readonly target: Log) {}

  private write(level: 'debug' | 'info' | 'warn' | 'error', message: unknown, rest: unknown[]): void {
    const context = rest.findLast((part) => typeof part === 'string');
    this.target.root[level]({ context, detail: message instanceof Error ? message.stack : undefined }, String(message));
  }

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
}
