import { configSection, duration, flag, integer, port, text } from '#caas/platform/config';

export const httpConfig = configSection('http', {
  HOST: text({ default: '127.0.0.1', doc: 'address the api listens on' }),
  PORT: port({ default: 3000, doc: 'port of the (first) api' }),
  BODY_LIMIT_BYTES: integer({ default: 2 ** 20, min: 1024, max: 2 ** 26, doc: 'largest JSON body' }),
  BODY_TIMEOUT: duration({ default: '30s', doc: 'how long a JSON body may take to arrive' }),
  TRUSTED_PROXIES: integer({
    default: 0,
    min: 0,
    max: 10,
    doc: 'how many proxies stand in front: that many entries of X-Forwarded-For are believed',
  }),
  REQUEST_LOG: flag({ default: true, doc: 'one line in the log for each request' }),
  SHUTDOWN_TIMEOUT: duration({ default: '8s', doc: 'after SIGTERM, how long open requests may take to end' }),
});
