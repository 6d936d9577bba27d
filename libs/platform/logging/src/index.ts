export { loggingConfig } from './logging.config';
export { Log, LoggingModule } from './log';
export { NestLog } from './nest-log';
