import { configSection, optional, port, text } from '#caas/platform/config';

export const monitoringConfig = configSection('monitoring', {
  METRICS_PORT: optional(
    port({
      doc: 'port of health checks and metrics, without a credential: each api and worker has one of its own. `npm start` counts up from it, apis first, and takes free ones unless it is set; 0 takes a free one',
    }),
  ),
  METRICS_HOST: text({ default: '127.0.0.1', doc: 'address of that port; what can reach it can read the metrics' }),
});
