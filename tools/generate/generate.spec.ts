import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ts from 'typescript';
import { repositoryRoot } from '../stack/repository';
import { generate } from './generate';
import { UsageError } from './usage-error';

/** What the generators read and add to; of the domain, some libraries. */
const NEEDED = [
  '.prettierrc.json',
  '.dependency-cruiser.cjs',
  'apps/api/src/app.module.ts',
  'apps/worker/src/app.module.ts',
  'apps/cli/src/app.module.ts',
  'docs/architecture.md',
  'libs/contracts/src',
  'libs/domain/encryption/src',
  'libs/domain/groups/src',
  'libs/domain/messages/src',
  'test/isolation/transports',
];

let root: string;
const copyNeeded = () => {
  root = mkdtempSync(join(tmpdir(), 'caas-generate-'));
  for (const path of NEEDED) cpSync(join(repositoryRoot(), path), join(root, path), { recursive: true });
};
const removeCopy = () => rmSync(root, { recursive: true, force: true });

const read = (path: string) => readFileSync(join(root, path), 'utf8');
const lineIn = (path: string, text: string) =>
  expect(
    read(path)
      .split('\n')
      .map((line) => line.trim()),
  ).toContain(text);
const run = async (command: string) => {
  const output = await generate(root, command.split(' '));
  const pathsAfter = (word: string) =>
    [...output.matchAll(new RegExp(`^${word}  (\\S+)$`, 'gm'))].map(([, path]) => path!);
  const written = { created: pathsAfter('created').sort(), changed: pathsAfter('changed').sort() };
  for (const path of [...written.created, ...written.changed]) expectToParse(path);
  return { ...written, byHand: output.split('By hand:\n')[1]! };
};

function expectToParse(path: string): void {
  if (!/\.c?[jt]s$/.test(path)) return;
  const options = { experimentalDecorators: true, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ESNext };
  const { diagnostics } = ts.transpileModule(read(path), { reportDiagnostics: true, compilerOptions: options });
  expect([path, diagnostics!.map(({ messageText }) => messageText)]).toEqual([path, []]);
}

/** Every file with its text. */
function everything(): Record<string, string> {
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(root, path)).isFile(),
  );
  return Object.fromEntries(files.map((path) => [path, read(path)]));
}

describe('generate domain', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('writes a library, and names it in apps, boundaries, documents and the isolation suite', async () => {
    const { created, changed, byHand } = await run('domain notes');
    expect(created).toEqual([
      'libs/domain/notes/README.md',
      'libs/domain/notes/src/index.ts',
      'libs/domain/notes/src/notes-api.module.ts',
      'libs/domain/notes/src/notes.module.ts',
      'libs/domain/notes/src/notes/note-view.ts',
      'libs/domain/notes/src/notes/note.schema.ts',
      'libs/domain/notes/src/notes/notes.controller.ts',
      'libs/domain/notes/src/notes/notes.dto.ts',
      'libs/domain/notes/src/notes/notes.service.spec.ts',
      'libs/domain/notes/src/notes/notes.service.ts',
      'test/e2e/notes.spec.ts',
    ]);
    expect(changed).toEqual([
      '.dependency-cruiser.cjs',
      'apps/api/src/app.module.ts',
      'apps/cli/src/app.module.ts',
      'apps/worker/src/app.module.ts',
      'docs/architecture.md',
      'test/isolation/transports/routes.ts',
      'test/isolation/transports/world.ts',
    ]);
    lineIn('apps/api/src/app.module.ts', `import { NotesApiModule } from '#caas/domain/notes';`);
    lineIn('apps/api/src/app.module.ts', 'NotesApiModule,');
    // In front of what looks for handlers of jobs.
    expect(read('apps/worker/src/app.module.ts')).toMatch(/NotesModule,\n\s+JobRunnerModule,/);
    lineIn('apps/cli/src/app.module.ts', 'NotesModule,');
    lineIn('.dependency-cruiser.cjs', `'domain/notes': ['domain/users'],`);
    lineIn('test/isolation/transports/world.ts', 'note: madeNote.id,');
    expect(read('test/isolation/transports/routes.ts')).toMatch(/'GET \/v1\/notes\/\{id\}': \{/);
    lineIn('libs/domain/notes/src/notes/note.schema.ts', `name: 'notes',`);
    expect(byHand).toMatch(/README\.md/);
  });

  it('takes another name for the thing that the library keeps', async () => {
    const { created } = await run('domain wiki wiki-entry');
    expect(created).toContain('libs/domain/wiki/src/wiki-entries/wiki-entry.schema.ts');
    expect(read('libs/domain/wiki/src/wiki-entries/wiki-entry.schema.ts')).toContain(`name: 'wiki_entries'`);
    lineIn('libs/domain/wiki/src/wiki-entries/wiki-entries.controller.ts', `@Controller('v1/wiki-entries')`);
  });
});

describe('generate route', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('adds the body, both methods and the attack', async () => {
    const { created, changed, byHand } = await run('route groups/groups put groups/:id/banner');
    expect(created).toEqual([]);
    expect(changed).toEqual([
      'libs/domain/groups/src/groups.controller.ts',
      'libs/domain/groups/src/groups.dto.ts',
      'libs/domain/groups/src/groups.service.ts',
      'test/isolation/transports/routes.ts',
    ]);
    lineIn('libs/domain/groups/src/groups.dto.ts', 'export class BannerGroupDto {');
    lineIn('libs/domain/groups/src/groups.controller.ts', `@Put(':id/banner')`);
    lineIn('libs/domain/groups/src/groups.controller.ts', 'return this.groups.banner(ctx, id, body);');
    expect(read('libs/domain/groups/src/groups.controller.ts')).toMatch(
      /import \{[^}]*\bPut\b[^}]*\} from '@nestjs\/common'/,
    );
    expect(read('libs/domain/groups/src/groups.service.ts')).toMatch(
      /async banner\(_ctx: RequestContext, _id: ObjectId, /,
    );
    expect(read('test/isolation/transports/routes.ts')).toMatch(
      /'PUT \/v1\/groups\/\{id\}\/banner': [^]*\$\{group\}\/banner/,
    );
    expect(byHand).toMatch(/answers 404 until it is written/);
  });

  it('lets a write of a resource with an ETag take conditions', async () => {
    await run('route groups/groups put groups/:id');
    expect(read('libs/domain/groups/src/groups.controller.ts')).toMatch(
      /@Put\(':id'\)[^]*?replace\([^)]*\)[^)]*\)[^)]*\)[^)]*@Conditional\(\) preconditions: Preconditions/,
    );
  });

  it('makes the file for bodies when the feature has none, and takes a name for the method', async () => {
    const { created } = await run('route messages/reactions post messages/:id/reactions/undo undoLast');
    expect(created).toEqual(['libs/domain/messages/src/reactions/reactions.dto.ts']);
    lineIn(
      'libs/domain/messages/src/reactions/reactions.controller.ts',
      `import { UndoLastMessageDto } from './reactions.dto';`,
    );
  });
});

describe('generate event', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('adds the contract and the case of the isolation suite', async () => {
    const { changed } = await run('event pinned-note.moved conversation');
    expect(changed).toEqual(['libs/contracts/src/events.ts', 'test/isolation/transports/told.spec.ts']);
    lineIn('libs/contracts/src/events.ts', `'pinned_note.moved': { version: 1, data: open({ id: objectId }) },`);
    lineIn('test/isolation/transports/told.spec.ts', `'pinned_note.moved': conversation,`);
  });
});

describe('generate job', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('adds the contract and a processor to the module that is there', async () => {
    const { created, changed } = await run('job messages/pins/refresh-pins');
    expect(created).toEqual(['libs/domain/messages/src/pins/refresh-pins.processor.ts']);
    expect(changed).toEqual([
      'libs/contracts/src/index.ts',
      'libs/contracts/src/jobs.ts',
      'libs/domain/messages/src/messages-jobs.module.ts',
    ]);
    lineIn('libs/contracts/src/jobs.ts', 'refreshPins,');
    lineIn('libs/domain/messages/src/messages-jobs.module.ts', 'RefreshPinsProcessor,');
  });

  it('makes the module for workers when the library has none', async () => {
    const { created } = await run('job encryption/refresh-keys');
    expect(created).toEqual([
      'libs/domain/encryption/src/encryption-jobs.module.ts',
      'libs/domain/encryption/src/refresh-keys.processor.ts',
    ]);
    lineIn('libs/domain/encryption/src/index.ts', `export { EncryptionJobsModule } from './encryption-jobs.module';`);
    expect(read('apps/worker/src/app.module.ts')).toMatch(/EncryptionJobsModule,\n\s+JobRunnerModule,/);
  });
});

describe('generate message-kind', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('adds the content, the kind, the field of bodies and the contract', async () => {
    const { created, changed } = await run('message-kind live-location');
    const src = 'libs/domain/messages/src';
    expect(created).toEqual([
      `${src}/kinds/live-location-kind.spec.ts`,
      `${src}/kinds/live-location-kind.ts`,
      `${src}/kinds/live-location.dto.ts`,
      `${src}/store/live-location-content.ts`,
      'test/e2e/messages-live-location.spec.ts',
    ]);
    expect(changed).toEqual([
      'libs/contracts/src/events.ts',
      `${src}/kinds/message-kinds.ts`,
      `${src}/sending/messages.dto.ts`,
      `${src}/store/kind-contents.ts`,
      `${src}/store/message-content.ts`,
    ]);
    expect(read(`${src}/store/kind-contents.ts`)).toContain(`'live_location'] as const`);
    expect(read(`${src}/kinds/message-kinds.ts`)).toContain('live_location: new LiveLocationKind()');
    lineIn(`${src}/sending/messages.dto.ts`, 'live_location?: LiveLocationDto;');
    lineIn('libs/contracts/src/events.ts', 'live_location: liveLocationContent.nullable(),');
    expect(read('libs/contracts/src/events.ts')).toMatch(/type: z\.enum\(\[.*'live_location'\]\)/);
  });
});

describe('A command that is written wrong', () => {
  // Nothing is written, so that one copy does for all.
  beforeAll(copyNeeded);
  afterAll(removeCopy);

  it.each([
    ['', /one of domain, route, event, job, message-kind/],
    ['domian notes', /no generator "domian"/],
    ['domain', /Arguments are missing/],
    ['domain notes note more', /Too many arguments/],
    ['domain Notes', /kebab-case/],
    ['domain page', /another meaning/],
    ['domain messages', /exists already/],
    ['domain letters message', /collection messages exists already/],
    ['route groups put groups/:id/x', /<library>/],
    ['route nothing/groups put groups/:id/x', /no library "nothing".*groups/],
    ['route groups/nothing put groups/:id/x', /no feature "nothing".*groups/],
    ['route groups/groups put', /no path/],
    ['route groups/groups fetch groups/:id/x', /no verb/],
    ['route groups/groups get groups/:id', /exists already/],
    ['route groups/groups put messages/:id/x', /answers below \/v1\/groups/],
    ['route groups/groups post groups/:id/list', /has a method "list" already/],
    ['event pinned', /<thing>/],
    ['event message.created', /exists already/],
    ['event note.pinned everybody', /no audience/],
    ['job messages', /<library>/],
    ['job messages/refresh', /what is done to what/],
    ['job messages/nowhere/refresh-pins', /no folder/],
    ['job messages/index-messages', /exists already/],
    ['message-kind poll', /already/],
    ['message-kind sender', /already/],
  ])('"%s" is refused in one line, and nothing is written', async (command, message) => {
    const before = everything();
    const refused = await generate(
      root,
      command.split(' ').filter((word) => word !== ''),
    ).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).not.toContain('\n');
    expect(everything()).toEqual(before);
  });
});

describe('A place that is not found', () => {
  beforeEach(copyNeeded);
  afterEach(removeCopy);

  it('is named, and nothing is written', async () => {
    const file = 'apps/worker/src/app.module.ts';
    writeFileSync(join(root, file), read(file).replace('class AppModule', 'class WorkerModule'));
    const before = everything();
    await expect(generate(root, ['domain', 'notes'])).rejects.toThrow(`${file}: there is no class \`AppModule\`.`);
    expect(everything()).toEqual(before);
  });
});
