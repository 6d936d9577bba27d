export { loggingConfig } from './logging.config';
export { Log, LoggingModule, makeLogger } from './log';
export { NestLog } from './nest-log';
export { redactText } from './redact';
