import { choice, configSection } from '#caas/platform/config';

export const loggingConfig = configSection('logging', {
  LOG_LEVEL: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    doc: 'how much is logged, as JSON lines on standard output',
  }),
});
