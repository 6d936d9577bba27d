import { Prop, Schema } from '@nestjs/mongoose';
import { TenantCatalog } from './tenant-catalog';
import { tenantCollection, type TenantIndex } from './tenant-collection';
import { TenantDocumentBase } from './tenant-document';

@Schema()
class Thing extends TenantDocumentBase {
  @Prop({ type: String })
  name: string;
}

const withIndex = (index: TenantIndex) => tenantCollection(Thing, { name: 'things', indexes: [index] });

describe('tenantCollection', () => {
  it('refuses a compound index that does not start with tenant_id', () => {
    expect(() => withIndex({ key: { name: 1, tenant_id: 1 }, serves: 'a mistake' })).toThrow(
      'must start with tenant_id',
    );
  });

  it('refuses a plain index on another field, but takes a TTL index', () => {
    expect(() => withIndex({ key: { name: 1 }, serves: 'a mistake' })).toThrow('must start with tenant_id');
    expect(() => withIndex({ key: { created_at: 1 }, serves: 'leaving', expireAfterSeconds: 0 })).not.toThrow();
  });

  it.each(['clnt_abcdef_users', 'Users', 'a', 'users;drop', ''])('refuses the name %j', (name) => {
    expect(() => tenantCollection(Thing, { name, indexes: [] })).toThrow('no name for a collection');
  });
});

describe('TenantCatalog', () => {
  it('refuses two declarations of one collection', () => {
    const catalog = new TenantCatalog();
    const things = withIndex({ key: { tenant_id: 1, name: 1 }, serves: 'by name' });
    catalog.add([things]);
    catalog.add([things]);
    expect(catalog.all()).toEqual([things]);
    expect(() => catalog.add([withIndex({ key: { tenant_id: 1 }, serves: 'all' })])).toThrow('Two domains declare');
  });
});
