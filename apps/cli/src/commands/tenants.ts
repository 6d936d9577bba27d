import { isTenantId, parseTenantId, TIERS, type Tier } from '#caas/kernel';
import { TenantsService } from '#caas/control-plane';
import { OPERATOR, option, UsageError, word, type Command } from '../command';

const PAGE = 100;

const row = ({ _id, tier, status, name }: { _id: string; tier: string; status: string; name: string }) =>
  `${_id.padEnd(30)} ${tier.padEnd(10)} ${status.padEnd(10)} ${name}`;

function tierOf(value: string | undefined): Tier {
  if (TIERS.includes(value as Tier)) return value as Tier;
  throw new UsageError(`--tier must be one of ${TIERS.join(', ')}`);
}

const setStatus = (verb: 'suspend' | 'activate'): Command => ({
  usage: `tenants ${verb} <id>`,
  does: verb === 'suspend' ? 'all credentials of the tenant answer 403' : 'lets a suspended tenant in again',
  run: async (app, parameters) => {
    const status = verb === 'suspend' ? 'suspended' : 'active';
    const tenant = await app.get(TenantsService).update(OPERATOR, parseTenantId(word(parameters, 0, 'id')), { status });
    return { data: tenant, lines: [row(tenant)] };
  },
});

export const tenantCommands: Command[] = [
  {
    usage: 'tenants create <name> --tier <tier> [--id <id>]',
    does: 'makes a tenant with its placement; its keys are shown once',
    run: async (app, parameters) => {
      const id = option(parameters, 'id');
      if (id !== undefined && !isTenantId(id)) throw new UsageError('--id is "clnt_" and 6 to 24 of a-z 0-9');
      const wanted = { name: word(parameters, 0, 'name'), tier: tierOf(option(parameters, 'tier')), id };
      const { tenant, serverKey, signingKey } = await app.get(TenantsService).create(OPERATOR, wanted);
      return {
        data: { id: tenant._id, tier: tenant.tier, server_key: serverKey, signing_key: signingKey },
        lines: [row(tenant), `server key   ${serverKey.key}`, `signing key  ${signingKey.kid} ${signingKey.secret}`],
      };
    },
  },
  {
    usage: 'tenants list',
    does: 'every tenant, newest first',
    run: async (app) => {
      const tenants = [];
      let after = null;
      do {
        const page = await app
          .get(TenantsService)
          .page({ cursor: null, limit: PAGE, direction: 'backward', after: after as never });
        tenants.push(...page.data);
        after = page.page.next_cursor;
      } while (after !== null);
      return { data: tenants, lines: tenants.map(row) };
    },
  },
  {
    usage: 'tenants show <id>',
    does: 'one tenant, and where its data lie',
    run: async (app, parameters) => {
      const id = parseTenantId(word(parameters, 0, 'id'));
      const tenant = await app.get(TenantsService).get(id);
      const placement = await app.get(TenantsService).describe(id);
      const collections = placement.collections.map(({ name, documents }) => `  ${name.padEnd(48)} ${documents}`);
      return {
        data: { ...tenant, placement },
        lines: [row(tenant), `in ${placement.database} (${placement.placement}):`, ...collections],
      };
    },
  },
  setStatus('suspend'),
  setStatus('activate'),
  {
    usage: 'tenants delete <id> --yes',
    does: 'removes a tenant with all its data, for good',
    run: async (app, parameters) => {
      const id = parseTenantId(word(parameters, 0, 'id'));
      if (parameters.options.yes !== true) throw new UsageError('this removes all data of the tenant: add --yes');
      await app.get(TenantsService).delete(OPERATOR, id);
      return { data: { id, status: 'deleted' }, lines: [`${id} is gone`] };
    },
  },
];
