/* eslint-disable no-restricted-syntax -- it looks, for no tenant, at how things lie; an application with its repositories may not start */
import { ObjectId } from 'bson';
import type { MongoClient } from 'mongodb';
import { isTenantId, PLACEMENT_OF_TIER, type Tenant, type Tier } from '#caas/kernel';
import { PLATFORM_DATABASE, SecretBox } from '#caas/control-plane';
import { declaredCollections, indexChanges, placementOf, SHARED_DATABASE, type ExistingIndex } from '#caas/tenancy';
import type { Configuration } from '../configuration';
import { inTime, ok, remainingMs, unknown, warning, wrong, type Finding } from '../finding';

/** Left for the answer. */
const MARGIN_MS = 400;
const NAMESPACE_NOT_FOUND = 26;
const DAY_MS = 24 * 60 * 60_000;
/** The sweeper has had its turn by then. */
const OVERDUE_MS = 5 * 60_000;
/** A week of nights in which the archiver could have come. */
const ARCHIVE_MARGIN_DAYS = 7;

interface TenantRow {
  _id: string;
  tier: Tier;
  status: string;
  database_uri: string | null;
}

export async function examineStoredData(client: MongoClient, config: Configuration): Promise<Finding[]> {
  const tenants = await inTime(tenantsOf(client));
  const [secrets, archive] = await Promise.all([examineSecrets(client, config), examineArchive(client, config)]);
  // Last, because it takes what is left of the time.
  const visited = await visitPlacements(client, tenants);
  return [secrets, examineIndexes(visited, tenants.length), examineOutbox(visited), archive];
}

const tenantsOf = (client: MongoClient): Promise<TenantRow[]> =>
  client
    .db(PLATFORM_DATABASE)
    .collection<TenantRow>('tenants')
    .find({ status: { $in: ['active', 'suspended'] } }, { projection: { tier: 1, status: 1, database_uri: 1 } })
    .toArray();

/** Are the secrets that are stored closed by a key that is at hand? */
async function examineSecrets(client: MongoClient, { runtime, secretsKey }: Configuration): Promise<Finding> {
  const WHAT = 'secrets';
  const keys = client.db(PLATFORM_DATABASE).collection<{ secret: string | null }>('signing_keys');
  const stored = await inTime(
    keys
      .find({ secret: { $ne: null } }, { projection: { secret: 1 } })
      .limit(1_000)
      .toArray(),
  );
  if (stored.length === 0) return ok(WHAT, 'none are stored yet');
  if (!secretsKey || !runtime) return unknown(WHAT, 'there is no SECRETS_KEY to open them with');
  const box = new SecretBox({ ...runtime, SECRETS_KEY: secretsKey });
  const closed = stored.filter(({ secret }) => !box.knows(secret!)).length;
  if (closed === 0) return ok(WHAT, `the SECRETS_KEY opens the ${stored.length} that were looked at`);
  return wrong(
    WHAT,
    `${closed} of ${stored.length} stored secrets were encrypted with another SECRETS_KEY`,
    'Set SECRETS_KEY to the one of before, or that one as SECRETS_KEY_PREVIOUS: until then tokens of those tenants fail.',
  );
}

interface Visited {
  placements: number;
  missing: string[];
  overdue: string[];
}

/** The shared collections, and as many tenants' own ones as there is time for. */
async function visitPlacements(client: MongoClient, tenants: TenantRow[]): Promise<Visited> {
  const visited: Visited = { placements: 0, missing: [], overdue: [] };
  const own = tenants.filter(({ tier, database_uri }) => PLACEMENT_OF_TIER[tier] !== 'shared' && !database_uri);
  const shared = tenants.find(({ tier }) => PLACEMENT_OF_TIER[tier] === 'shared');
  for (const row of shared ? [shared, ...own] : own) {
    if (remainingMs() <= MARGIN_MS || !isTenantId(row._id)) break;
    const tenant = { id: row._id, tier: row.tier, placement: PLACEMENT_OF_TIER[row.tier] } as Tenant;
    const seen: { missing: string[]; overdue: string[] } = { missing: [], overdue: [] };
    // What there was no time for is not looked at; that is no fault of the database.
    const isDone = await inTime(visit(client, tenant, seen)).then(
      () => true,
      (error: Error) => {
        if (/no answer within/.test(error.message)) return false;
        throw error;
      },
    );
    if (!isDone) break;
    visited.placements += 1;
    visited.missing.push(...seen.missing);
    visited.overdue.push(...seen.overdue);
  }
  return visited;
}

async function visit(
  client: MongoClient,
  tenant: Tenant,
  { missing, overdue }: { missing: string[]; overdue: string[] },
): Promise<void> {
  const naming = placementOf(tenant);
  const db = client.db(naming.database(tenant));
  const where = tenant.placement === 'shared' ? SHARED_DATABASE : tenant.id;
  for (const { name, indexes } of declaredCollections()) {
    const existing = await existingIndexes(db.collection(naming.collection(tenant, name)));
    missing.push(...indexChanges(existing, indexes).created.map((index) => `${where}.${name} ${index}`));
  }
  const late = { due_at: { $lt: new Date(Date.now() - OVERDUE_MS) } };
  const count = await db.collection(naming.collection(tenant, 'outbox')).countDocuments(late, { limit: 1_000 });
  if (count > 0) overdue.push(`${where}: ${count}`);
}

async function existingIndexes(collection: { indexes(): Promise<object[]> }): Promise<ExistingIndex[]> {
  try {
    return (await collection.indexes()) as ExistingIndex[];
  } catch (error) {
    if ((error as { code?: number }).code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

function examineIndexes({ placements, missing }: Visited, tenants: number): Finding {
  const looked = `${placements} placements of ${tenants} tenants were looked at`;
  if (missing.length === 0) return ok('indexes', `none is missing; ${looked}`);
  const some = missing.slice(0, 3).join(', ') + (missing.length > 3 ? ', …' : '');
  return wrong('indexes', `${missing.length} are missing: ${some}; ${looked}`, 'caas indexes sync');
}

function examineOutbox({ overdue }: Visited): Finding {
  if (overdue.length === 0) return ok('outbox', 'nothing waits for longer than five minutes');
  const some = overdue.slice(0, 3).join(', ');
  return wrong('outbox', `rows wait for longer than five minutes (${some})`, 'See that a worker runs, and its log.');
}

/** By ids, which begin with the time: in the shared collection alone, which has the tenants that nobody watches. */
async function examineArchive(client: MongoClient, { archive }: Configuration): Promise<Finding> {
  if (!archive) return unknown('archive', 'its part of the configuration has a problem');
  const days = archive.ARCHIVE_AFTER_DAYS + ARCHIVE_MARGIN_DAYS;
  const before = new ObjectId(ObjectId.createFromTime(Math.floor((Date.now() - days * DAY_MS) / 1000)).id);
  const messages = client.db(SHARED_DATABASE).collection('messages');
  const late = await inTime(messages.countDocuments({ _id: { $lt: before } }, { limit: 1_000 }));
  if (late === 0) return ok('archive', `no message of the shared collection is older than ${days} days`);
  return warning(
    'archive',
    `${late === 1_000 ? 'more than 1,000' : late} messages of the shared collection are older than ${days} days and not archived`,
    'If no tenant keeps them for longer and no hold does: see that a worker runs, and `caas archive run --tenant <id>`.',
  );
}
