import { addImport } from '../edits/imports';
import {
  addBeforeReturn,
  addInterfaceMember,
  addProperty,
  addToArrayIn,
  addToModule,
  addToReturned,
  hasProperty,
} from '../edits/lists';
import { addAfterLastLine } from '../edits/lines';
import type { Generator } from '../generator';
import { camel, words } from '../names';
import { UsageError } from '../usage-error';
import type { Workspace } from '../workspace';
import { domainNames, type DomainNames } from './domain-names';
import * as feature from './feature-templates';
import * as library from './library-templates';

const BOUNDARIES = '.dependency-cruiser.cjs';
const ROUTES = 'test/isolation/transports/routes.ts';
const WORLD = 'test/isolation/transports/world.ts';

/** A library of the domain with a first feature, in all processes, in the boundaries and in the isolation suite. */
export const domain: Generator = {
  usage: 'domain <library> [<thing that it keeps>]',
  words: 2,
  prepare(workspace, [name, thing]) {
    const names = domainNames(name, thing);
    requireFree(workspace, names);
    createLibrary(workspace, names);
    addToApps(workspace, names);
    addToDocuments(workspace, names);
    addToIsolationSuite(workspace, names);
    return [
      `libs/domain/${names.library}/README.md and docs/architecture.md: what the library is for; only its name was known here.`,
      `libs/domain/${names.library}/src/${names.things}/: the ${words(names.thing)} has one text, and only its owner sees it; ` +
        'fields and rights are yours to decide.',
      `${BOUNDARIES}: the library may import users only; add the others that it needs, also in docs/architecture.md.`,
    ];
  },
};

function requireFree(workspace: Workspace, { library, things, collectionName, thing }: DomainNames): void {
  if (workspace.exists(`libs/domain/${library}`))
    throw new UsageError(`The library libs/domain/${library} exists already.`);
  const schemas = workspace.sourcesBelow('libs').filter((path) => path.endsWith('.schema.ts'));
  const owner = schemas.find((path) => workspace.read(path).includes(`name: '${collectionName}'`));
  if (owner) throw new UsageError(`The collection ${collectionName} exists already, in ${owner}.`);
  const isRouted = hasProperty(workspace.read(ROUTES), 'ROUTES', `GET /v1/${things}`);
  if (isRouted)
    throw new UsageError(`The route /v1/${things} exists already; name another thing that the library keeps.`);
  if (hasProperty(workspace.read(WORLD), 'RANDOM_IDS', camel(thing))) {
    throw new UsageError(`The isolation suite has another ${words(thing)} already; name another thing.`);
  }
}

function createLibrary(workspace: Workspace, names: DomainNames): void {
  const folder = `libs/domain/${names.library}`;
  const first = `${folder}/src/${names.things}`;
  workspace.create(`${folder}/README.md`, library.readme(names).trimStart());
  workspace.create(`${folder}/src/index.ts`, library.index(names));
  workspace.create(`${folder}/src/${names.library}.module.ts`, library.libraryModule(names));
  workspace.create(`${folder}/src/${names.library}-api.module.ts`, library.apiModule(names));
  workspace.create(`${first}/${names.thing}.schema.ts`, feature.schema(names));
  workspace.create(`${first}/${names.thing}-view.ts`, feature.view(names));
  workspace.create(`${first}/${names.things}.dto.ts`, feature.dto(names));
  workspace.create(`${first}/${names.things}.service.ts`, feature.service(names));
  workspace.create(`${first}/${names.things}.service.spec.ts`, feature.serviceSpec(names));
  workspace.create(`${first}/${names.things}.controller.ts`, feature.controller(names));
  workspace.create(`test/e2e/${names.library}.spec.ts`, library.suite(names));
}

/** Every process knows the collections; apis have the routes as well. */
function addToApps(workspace: Workspace, { library, Library }: DomainNames): void {
  const modules = { api: `${Library}ApiModule`, worker: `${Library}Module`, cli: `${Library}Module` };
  for (const [app, module] of Object.entries(modules)) {
    workspace.edit(`apps/${app}/src/app.module.ts`, (text) => {
      const imported = addImport(text, module, `#caas/domain/${library}`);
      return addToModule(imported, 'AppModule', 'imports', module, 'JobRunnerModule');
    });
  }
}

function addToDocuments(workspace: Workspace, { library, things }: DomainNames): void {
  workspace.edit(BOUNDARIES, (text) =>
    addProperty(text, 'LOWER', `'domain/${library}': ['domain/users']`, 'documentdb-gateway'),
  );
  const line = `- \`${library}\` (users): ${words(things)} of users.`;
  workspace.edit('docs/architecture.md', (text) => addAfterLastLine(text, /^- `[a-z-]+` \([a-z, ]+\): /, line));
}

function addToIsolationSuite(workspace: Workspace, { thing, Thing, things }: DomainNames): void {
  const id = camel(thing);
  const path = `/v1/${things}`;
  workspace.edit(WORLD, (before) => {
    let text = addInterfaceMember(before, 'Ids', `${id}: string;`);
    text = addProperty(text, 'RANDOM_IDS', `${id}: '${unusedDigits(text)}'.repeat(12)`);
    const request = `anna.post('${path}', { text: \`${words(thing)} \${text}\` })`;
    text = addBeforeReturn(text, 'fill', `const { body: made${Thing} } = await ${request};`);
    text = addToReturned(text, 'fill', `${id}: made${Thing}.id`);
    return addToArrayIn(text, 'portrait', 'reads', `anna.get('${path}')`);
  });
  workspace.edit(ROUTES, (before) => {
    const create = `caller.post('${path}', { id: ${id}, text: 'attack' })`;
    let text = addProperty(before, 'ROUTES', `'POST ${path}': { as: 'user', try: (caller, { ${id} }) => ${create} }`);
    const list = `caller.get('${path}?limit=100')`;
    text = addProperty(text, 'ROUTES', `'GET ${path}': { as: 'user', differential: true, try: (caller) => ${list} }`);
    const get = `caller.get(\`${path}/\${${id}}\`)`;
    return addProperty(text, 'ROUTES', `'GET ${path}/{id}': { as: 'user', try: (caller, { ${id} }) => ${get} }`);
  });
}

/** Two hexadecimal digits that make an id of nothing, another one for each kind of thing. */
function unusedDigits(world: string): string {
  const all = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'));
  const unused = all.find((digits) => digits[0] !== digits[1] && !world.includes(`'${digits}'.repeat(12)`));
  if (unused === undefined) throw new Error('every id of nothing is used.');
  return unused;
}
