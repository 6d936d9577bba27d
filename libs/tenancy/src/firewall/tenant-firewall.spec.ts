import type { Document } from 'mongodb';
import { dataMark, placementMark } from '../guard/tenant-mark';
import { TenantFirewall, type Refusal } from './tenant-firewall';
import { parseTenantId } from '#caas/kernel';

const A = parseTenantId('clnt_aaaaaa');
const B = parseTenantId('clnt_bbbbbb');
const inNameOfA = { comment: dataMark(A) };
const own = { $match: { tenant_id: A } };

const ALLOWED: [what: string, database: string, command: Document][] = [
  ['a scoped find', 'caas_shared', { find: 'users', filter: { tenant_id: A, name: 'x' }, ...inNameOfA }],
  [
    'a scoped find in the tenant’s own collection',
    'caas_shared',
    { find: `${A}_users`, filter: { tenant_id: A }, ...inNameOfA },
  ],
  [
    'a scoped find in the tenant’s own database',
    `caas_${A}`,
    { find: 'users', filter: { tenant_id: A }, ...inNameOfA },
  ],
  [
    'an insert of own documents',
    'caas_shared',
    { insert: 'users', documents: [{ tenant_id: A }, { tenant_id: A }], ...inNameOfA },
  ],
  [
    'a scoped update',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: { $set: { a: 1 } } }], ...inNameOfA },
  ],
  [
    'an upsert that repeats the tenant',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: { $setOnInsert: { tenant_id: A } } }], ...inNameOfA },
  ],
  ['a scoped delete', 'caas_shared', { delete: 'users', deletes: [{ q: { tenant_id: A }, limit: 0 }], ...inNameOfA }],
  [
    'a scoped lookup',
    'caas_shared',
    { aggregate: 'users', pipeline: [own, { $lookup: { from: 'posts', pipeline: [own], as: 'p' } }], ...inNameOfA },
  ],
  ['a handshake', 'admin', { hello: 1 }],
  ['a commit', 'admin', { commitTransaction: 1 }],
  ['indexes of its own', 'caas_shared', { createIndexes: `${A}_users`, indexes: [], comment: placementMark(A) }],
  ['dropping its own database', `caas_${A}`, { dropDatabase: 1, comment: placementMark(A) }],
];

const REFUSED: [what: string, database: string, command: Document][] = [
  ['a command in nobody’s name', 'caas_shared', { find: 'users', filter: { tenant_id: A } }],
  ['a find without the tenant', 'caas_shared', { find: 'users', filter: {}, ...inNameOfA }],
  ['a find of another tenant', 'caas_shared', { find: 'users', filter: { tenant_id: B }, ...inNameOfA }],
  ['an operator for the tenant', 'caas_shared', { find: 'users', filter: { tenant_id: { $eq: A } }, ...inNameOfA }],
  ['a tenant below an $and', 'caas_shared', { find: 'users', filter: { $and: [{ tenant_id: A }] }, ...inNameOfA }],
  [
    'a tenant on the prototype',
    'caas_shared',
    { find: 'users', filter: Object.create({ tenant_id: A }) as Document, ...inNameOfA },
  ],
  ['$where', 'caas_shared', { find: 'users', filter: { tenant_id: A, $where: '1' }, ...inNameOfA }],
  [
    'a collation',
    'caas_shared',
    { find: 'users', filter: { tenant_id: A }, collation: { locale: 'en' }, ...inNameOfA },
  ],
  ['another tenant’s collection', 'caas_shared', { find: `${B}_users`, filter: { tenant_id: A }, ...inNameOfA }],
  ['another tenant’s database', `caas_${B}`, { find: 'users', filter: { tenant_id: A }, ...inNameOfA }],
  ['the control plane', 'caas_platform', { find: 'server_keys', filter: { tenant_id: A }, ...inNameOfA }],
  [
    'an insert that mixes tenants',
    'caas_shared',
    { insert: 'users', documents: [{ tenant_id: A }, { tenant_id: B }], ...inNameOfA },
  ],
  [
    'an update that moves a document',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: { $set: { tenant_id: B } } }], ...inNameOfA },
  ],
  [
    'an update that renames into the tenant',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: { $rename: { name: 'tenant_id' } } }], ...inNameOfA },
  ],
  [
    'an update pipeline that sets the tenant',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: [{ $set: { tenant_id: '$other' } }] }], ...inNameOfA },
  ],
  [
    'an update pipeline that replaces the root',
    'caas_shared',
    { update: 'users', updates: [{ q: { tenant_id: A }, u: [{ $replaceWith: '$other' }] }], ...inNameOfA },
  ],
  [
    'a second statement without the tenant',
    'caas_shared',
    { delete: 'users', deletes: [{ q: { tenant_id: A } }, { q: {} }], ...inNameOfA },
  ],
  [
    'a replacement without the tenant',
    'caas_shared',
    { findAndModify: 'users', query: { tenant_id: A }, update: { name: 'x' }, ...inNameOfA },
  ],
  [
    'a pipeline that does not start with the tenant',
    'caas_shared',
    { aggregate: 'users', pipeline: [{ $limit: 1 }, own], ...inNameOfA },
  ],
  [
    'an unscoped lookup three levels down',
    'caas_shared',
    {
      aggregate: 'users',
      pipeline: [
        own,
        {
          $facet: {
            x: [
              own,
              { $unionWith: { coll: 'posts', pipeline: [own, { $lookup: { from: 'users', pipeline: [], as: 'u' } }] } },
            ],
          },
        },
      ],
      ...inNameOfA,
    },
  ],
  [
    'a lookup by fields alone',
    'caas_shared',
    {
      aggregate: 'users',
      pipeline: [own, { $lookup: { from: 'users', localField: 'a', foreignField: 'b', as: 'u' } }],
      ...inNameOfA,
    },
  ],
  ['$merge', 'caas_shared', { aggregate: 'users', pipeline: [own, { $merge: 'posts' }], ...inNameOfA }],
  ['a stage nobody knows', 'caas_shared', { aggregate: 'users', pipeline: [own, { $newStage: {} }], ...inNameOfA }],
  ['a getMore on a cursor nobody opened', 'caas_shared', { getMore: 7n, collection: 'users', ...inNameOfA }],
  ['a command nobody knows', 'caas_shared', { mapReduce: 'users', ...inNameOfA }],
  ['an explained find without the tenant', 'caas_shared', { explain: { find: 'users', filter: {}, ...inNameOfA } }],
  ['DDL in a data name', 'caas_shared', { drop: `${A}_users`, ...inNameOfA }],
  ['data in a DDL name', 'caas_shared', { find: 'users', filter: { tenant_id: A }, comment: placementMark(A) }],
  ['dropping a shared collection', 'caas_shared', { drop: 'users', comment: placementMark(A) }],
  ['dropping the shared database', 'caas_shared', { dropDatabase: 1, comment: placementMark(A) }],
];

describe('TenantFirewall', () => {
  it.each(ALLOWED)('lets pass %s', (_what, database, command) => {
    expect(() => new TenantFirewall('tenants').inspect(database, command)).not.toThrow();
  });

  it.each(REFUSED)('refuses %s', (_what, database, command) => {
    const refusals: Refusal[] = [];
    const firewall = new TenantFirewall('tenants', (refusal) => refusals.push(refusal));
    expect(() => firewall.inspect(database, command)).toThrow('tenant firewall');
    expect(refusals).toHaveLength(1);
    expect(firewall.counts).toEqual({ inspected: 1, refused: 1 });
  });

  it('answers a getMore only to the tenant that opened the cursor, until it ends', () => {
    const firewall = new TenantFirewall('tenants');
    const find = { find: 'users', filter: { tenant_id: A }, ...inNameOfA };
    const more = (tenant: typeof A) => ({ getMore: 7n, collection: 'users', comment: dataMark(tenant) });
    firewall.inspect('caas_shared', find);
    firewall.observeReply(find, '7');
    expect(() => firewall.inspect('caas_shared', more(A))).not.toThrow();
    expect(() => firewall.inspect('caas_shared', more(B))).toThrow('another tenant opened');
    firewall.observeReply(more(A), null);
    expect(() => firewall.inspect('caas_shared', more(A))).toThrow('another tenant opened');
  });

  it('keeps the control plane in its own database', () => {
    const firewall = new TenantFirewall('platform');
    expect(() => firewall.inspect('caas_platform', { find: 'tenants', filter: {} })).not.toThrow();
    expect(() => firewall.inspect('caas_shared', { find: 'users', filter: { tenant_id: A }, ...inNameOfA })).toThrow();
  });
});
