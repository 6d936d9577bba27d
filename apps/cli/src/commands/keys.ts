import { command } from '../framework/command';
import { DRY_RUN, oneOf, tenantId, text } from '../framework/values';

const tenant = tenantId('whose keys');
const kind = oneOf(['server', 'signing'], 'server keys open the API, signing keys sign the tokens of users');

export const keysList = command({
  path: 'keys list',
  does: 'server and signing keys of a tenant, without their secrets',
  parts: 'control plane',
  words: { tenant },
  options: {},
});

export const keysCreate = command({
  path: 'keys create',
  does: 'one more key; the earlier ones stay valid until they are revoked',
  parts: 'control plane',
  words: { tenant, kind },
  options: {},
});

export const keysRevoke = command({
  path: 'keys revoke',
  does: 'ends a key within five seconds on every process, for open sockets too',
  parts: 'control plane',
  words: { tenant, kind, key: text('key', 'the id of the key, see `keys list`') },
  options: { 'dry-run': DRY_RUN },
});
