import { TIERS } from '#caas/kernel';
import { command } from '../framework/command';
import { DRY_RUN, oneOf, optional, required, tenantId, text, YES } from '../framework/values';

const id = tenantId('the tenant');
const tier = oneOf(TIERS, 'free and starter share collections, pro has its own, enterprise a database of its own');

export const tenantsCreate = command({
  path: 'tenants create',
  does: 'makes a tenant with its placement; its keys are shown once',
  parts: 'everything',
  words: { name: text('name', 'what the tenant is called') },
  options: { tier: required(tier), id: optional(tenantId('an id of your choice; made up otherwise')) },
});

export const tenantsList = command({
  path: 'tenants list',
  does: 'every tenant, newest first',
  parts: 'control plane',
  words: {},
  options: {},
});

export const tenantsShow = command({
  path: 'tenants show',
  does: 'one tenant, and where its data lie',
  parts: 'everything',
  words: { id },
  options: {},
});

export const tenantsRename = command({
  path: 'tenants rename',
  does: 'gives a tenant another name',
  parts: 'control plane',
  words: { id, name: text('name', 'what the tenant is called from now on') },
  options: {},
});

export const tenantsSuspend = command({
  path: 'tenants suspend',
  does: 'all credentials of the tenant answer 403 from now on',
  parts: 'control plane',
  words: { id },
  options: {},
});

export const tenantsActivate = command({
  path: 'tenants activate',
  does: 'lets a suspended tenant in again',
  parts: 'control plane',
  words: { id },
  options: {},
});

export const tenantsTier = command({
  path: 'tenants tier',
  does: 'changes the tier of a tenant within its placement',
  parts: 'control plane',
  words: { id, tier },
  options: {},
});

export const tenantsDelete = command({
  path: 'tenants delete',
  does: 'removes a tenant with all its data, for good',
  parts: 'everything',
  words: { id },
  options: { yes: YES, 'dry-run': DRY_RUN },
});
