export { Log, LoggingModule, aboutOf } from './log';
export { loggingConfig } from './logging.config';
export { NestLog } from './nest-log';
export { redactText } from './redact';
