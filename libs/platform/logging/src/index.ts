export { loggingConfig } from './logging.config';
export { aboutOf, Log, LoggingModule, makeLogger, type ContextLog } from './log';
export { NestLog } from './nest-log';
export { redactText } from './redact';
