/** What a library has besides its features: modules, its face, its README, and a suite. */
import { oneOfSentence, sentence, words } from '../names';
import type { DomainNames } from './domain-names';

export const readme = ({ library, thing, things, collectionName }: DomainNames) => `
# ${library}

${sentence(things)} of users. Owns \`${collectionName}\`.

- **Rights.** ${oneOfSentence(thing)} is seen by its owner only. For other users it is a 404. The tenant's server names a user to act as.
- **Made once** per \`Idempotency-Key\`.
- **Names.** The owner's display name in a row follows a rename (\`DisplayNameRegistry\`).
- **Events**: none. **Jobs**: none. **Settings**: none.
- **Ports declared**: none. **Ports answered**: none.
`;

export const index = ({ library, Library }: DomainNames) => `
export { ${Library}ApiModule } from './${library}-api.module';
export { ${Library}Module } from './${library}.module';
`;

export const libraryModule = ({ Library, library, thing, things, collection }: DomainNames) => `
import { Module, type OnModuleInit } from '@nestjs/common';
import { DisplayNameRegistry } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { ${collection} } from './${things}/${thing}.schema';

/** What every process knows of ${words(library)}. */
@Module({ imports: [TenancyModule.forFeature([${collection}])] })
export class ${Library}Module implements OnModuleInit {
  constructor(private readonly names: DisplayNameRegistry) {}

  onModuleInit(): void {
    this.names.register(${collection}, [{ path: 'owner' }]);
  }
}
`;

export const apiModule = ({ Library, library, things, Things }: DomainNames) => `
import { Module } from '@nestjs/common';
import { ${Library}Module } from './${library}.module';
import { ${Things}Controller } from './${things}/${things}.controller';
import { ${Things}Service } from './${things}/${things}.service';

/** ${sentence(library)} over REST. */
@Module({
  imports: [${Library}Module],
  providers: [${Things}Service],
  controllers: [${Things}Controller],
})
export class ${Library}ApiModule {}
`;

export const suite = ({ things, code }: DomainNames) => `
import { sharedSystem, TIERS, waitFor } from '#caas/testing';

const system = sharedSystem();

describe.each(TIERS)('${sentence(things)} on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');
  const [anna, ben] = [tenant.as('anna'), tenant.as('ben')];

  it('are seen by their owner only', async () => {
    const made = await anna.post('/v1/${things}', { text: 'first' });
    expect(made).toMatchObject({ status: 201, body: { text: 'first', owner: { user_external_id: 'anna' } } });
    const path = \`/v1/${things}/\${made.body.id}\`;
    expect((await anna.get(path)).body).toEqual(made.body);
    expect((await anna.get('/v1/${things}')).body.data).toEqual([made.body]);
    expect(await ben.get(path)).toMatchObject({ status: 404, body: { code: '${code}_not_found' } });
    expect((await ben.get('/v1/${things}')).body.data).toEqual([]);
  });

  it('carry the name of their owner as it is now', async () => {
    const { body: made } = await anna.post('/v1/${things}', { text: 'renamed' });
    await tenant.server().patch('/v1/users/anna', { display_name: 'Anna Other' });
    await waitFor('the name follows', 20_000, async () => {
      const { body } = await anna.get(\`/v1/${things}/\${made.id}\`);
      return body.owner.user_display_name === 'Anna Other';
    });
  });

  it('refuse a text that is too long, naming the field', async () => {
    const refused = await anna.post('/v1/${things}', { text: 'x'.repeat(2001) });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ field: 'text' }] } });
    // What was refused is not stored.
    expect(JSON.stringify((await anna.get('/v1/${things}')).body)).not.toContain('xxx');
  });
});
`;
