import { configSection, integer, port, text } from '#caas/platform/config';

export const httpConfig = configSection('http', {
  HOST: text({ default: '127.0.0.1', doc: 'address the api listens on' }),
  PORT: port({ default: 3000, doc: 'port of the (first) api' }),
  BODY_LIMIT_BYTES: integer({ default: 2 ** 20, min: 1024, max: 2 ** 26, doc: 'largest JSON body' }),
});
