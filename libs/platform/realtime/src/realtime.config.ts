import { configSection, duration, integer } from '#caas/platform/config';

export const realtimeConfig = configSection('realtime', {
  SOCKET_MESSAGES_PER_SECOND: integer({
    default: 50,
    min: 1,
    max: 100_000,
    doc: 'how many messages a socket may send, with twice as many at once',
  }),
  SOCKET_BYTES_PER_SECOND: integer({
    default: 2 ** 21,
    min: 2 ** 18,
    max: 2 ** 30,
    doc: 'how much is read of a socket; what it sends beyond waits on its side',
  }),
  SOCKET_CONTROL_FRAMES_PER_SECOND: integer({
    default: 5,
    min: 1,
    max: 100_000,
    doc: 'how many frames that are no messages (pings, pongs, heartbeats) a socket may send, with ten times as many at once; one that sends more is cut off',
  }),
  SOCKET_CONNECT_TIMEOUT: duration({
    default: '5s',
    doc: 'how soon a new socket must send its token',
  }),
  SOCKET_PENDING_PER_ADDRESS: integer({
    default: 100,
    min: 1,
    max: 100_000,
    doc: 'how many sockets of one address may wait to be authenticated, at each api; an IPv6 address counts with its /64',
  }),
  SOCKET_PENDING: integer({
    default: 1_000,
    min: 1,
    max: 1_000_000,
    doc: 'how many sockets may wait to be authenticated at each api; beyond, the address with the most loses its oldest',
  }),
});
