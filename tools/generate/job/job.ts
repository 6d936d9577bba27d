import { addExport, addImport } from '../edits/imports';
import { addBeforeConstant, addToArray, addToModule } from '../edits/lists';
import type { Generator } from '../generator';
import { fileOfClass, relativeImport, requireLibrary, splitPlace } from '../library';
import { camel, pascal, requireKebab } from '../names';
import { UsageError } from '../usage-error';
import type { Workspace } from '../workspace';
import { contract, jobsModule, processor } from './job-templates';

const CONTRACTS = 'libs/contracts/src/jobs.ts';
const USAGE = 'job <library>/[<folder>/]<do-something>';

/** A job for one tenant: its contract, its processor, and the library's module for workers when there is none yet. */
export const job: Generator = {
  usage: USAGE,
  words: 1,
  prepare(workspace, [given]) {
    const [library, ...rest] = splitPlace(given, USAGE) as [string, ...string[]];
    const name = requireKebab(rest.pop(), 'job', 'refresh-notes');
    // One word is no sentence, and as a constant it may be a word of JavaScript.
    if (!name.includes('-')) {
      throw new UsageError(`"${name}" is no name for a job: it says what is done to what, such as refresh-${name}.`);
    }
    requireLibrary(workspace, library);
    requireNew(workspace, name);

    const module = `${pascal(library)}JobsModule`;
    const moduleFile = fileOfClass(workspace, library, module) ?? createJobsModule(workspace, library);
    const folder = folderOf(workspace, library, rest.join('/'), moduleFile);
    const file = `${folder}/${name}.processor.ts`;
    workspace.create(file, processor(name));
    workspace.edit(moduleFile, (before) => {
      const className = `${pascal(name)}Processor`;
      const text = addToModule(before, module, 'providers', className);
      return addImport(text, className, relativeImport(moduleFile, file));
    });
    addContract(workspace, name);
    return [
      `${file}: what is done; it only writes to the log so far. It must be safe to run twice.`,
      `${CONTRACTS}: what \`${camel(name)}\` is for, its payload (ids, never documents), and its queue: ` +
        '"references" is for short work that follows a change.',
      `the service that causes it: \`await this.outbox.record(tx, ${camel(name)}, { id })\` in the transaction of the change.`,
    ];
  },
};

function requireNew(workspace: Workspace, name: string): void {
  const contracts = workspace.read(CONTRACTS);
  const isThere = contracts.includes(`name: '${name}'`) || new RegExp(`const ${camel(name)}\\b`).test(contracts);
  if (isThere) throw new UsageError(`The job ${name} exists already.`);
}

function folderOf(workspace: Workspace, library: string, folder: string, moduleFile: string): string {
  if (folder === '') return moduleFile.slice(0, moduleFile.lastIndexOf('/'));
  const path = `libs/domain/${library}/src/${folder}`;
  if (!workspace.exists(path)) throw new UsageError(`There is no folder ${path}.`);
  return path;
}

function addContract(workspace: Workspace, name: string): void {
  workspace.edit(CONTRACTS, (before) => {
    const text = addToArray(before, 'JOBS', camel(name));
    return addBeforeConstant(text, 'JOBS', contract(name).trim());
  });
  workspace.edit('libs/contracts/src/index.ts', (text) => addExport(text, camel(name), './jobs'));
}

/** @returns its path */
function createJobsModule(workspace: Workspace, library: string): string {
  const Library = pascal(library);
  const src = `libs/domain/${library}/src`;
  const file = `${src}/${library}-jobs.module.ts`;
  const baseFile = fileOfClass(workspace, library, `${Library}Module`);
  const base = baseFile && { name: `${Library}Module`, from: relativeImport(file, baseFile) };
  workspace.create(file, jobsModule({ library, Library, base: base || undefined }));
  workspace.edit(`${src}/index.ts`, (text) =>
    addExport(text, `${Library}JobsModule`, relativeImport(`${src}/index.ts`, file)),
  );
  workspace.edit('apps/worker/src/app.module.ts', (before) => {
    const text = addImport(before, `${Library}JobsModule`, `#caas/domain/${library}`);
    return addToModule(text, 'AppModule', 'imports', `${Library}JobsModule`, 'JobRunnerModule');
  });
  return file;
}
