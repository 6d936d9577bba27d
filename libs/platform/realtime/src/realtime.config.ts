import { configSection, integer } from '#caas/platform/config';

export const realtimeConfig = configSection('realtime', {
  SOCKET_MESSAGES_PER_SECOND: integer({
    default: 50,
    min: 1,
    max: 100_000,
    doc: 'how many messages a socket may send, with twice as many at once',
  }),
});
