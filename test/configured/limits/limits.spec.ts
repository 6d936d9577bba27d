import { ownSystem } from '#caas/testing';
import { describeTenantsApart } from './apart.cases';
import { BAD_CREDENTIALS_PER_MINUTE, describeRates } from './rates.cases';
import { describeSockets, MESSAGES_PER_SECOND } from './sockets.cases';

const system = ownSystem({
  logLevel: 'error',
  apps: ['api', 'api'],
  environment: {
    RATE_LIMITS_FACTOR: '1',
    UNAUTHENTICATED_PER_MINUTE: String(BAD_CREDENTIALS_PER_MINUTE),
    TRUSTED_PROXIES: '1',
    SOCKET_MESSAGES_PER_SECOND: String(MESSAGES_PER_SECOND),
  },
});

describeRates(system);
describeSockets(system);
describeTenantsApart(system);
