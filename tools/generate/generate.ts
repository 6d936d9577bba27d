import { domain } from './domain/domain';
import { event } from './event/event';
import type { Generator } from './generator';
import { job } from './job/job';
import { messageKind } from './message-kind/message-kind';
import { route } from './route/route';
import { UsageError } from './usage-error';
import { Workspace } from './workspace';

const GENERATORS: Record<string, Generator> = { domain, route, event, job, 'message-kind': messageKind };

/**
 * Writes below `root`, all or nothing.
 * @returns what was written and what is left to do, for a person to read
 * @throws UsageError when the command was written wrong; Error when a file is not as the generator knows it
 */
export async function generate(root: string, [kind, ...args]: string[]): Promise<string> {
  const kinds = Object.keys(GENERATORS).join(', ');
  if (kind === undefined) throw new UsageError(`Say what to generate: one of ${kinds}.`);
  const generator = Object.hasOwn(GENERATORS, kind) ? GENERATORS[kind] : undefined;
  if (!generator) throw new UsageError(`There is no generator "${kind}". There is: ${kinds}.`);
  if (args.length === 0) throw new UsageError(`Arguments are missing: npm run generate -- ${generator.usage}`);
  if (args.length > generator.words) throw new UsageError(`Too many arguments: npm run generate -- ${generator.usage}`);
  const workspace = new Workspace(root);
  const byHand = generator.prepare(workspace, args);
  const written = await workspace.commit();
  return [
    ...written.map(({ path, isNew }) => `${isNew ? 'created' : 'changed'}  ${path}`),
    '',
    'By hand:',
    ...byHand.map((line) => `  - ${line}`),
  ].join('\n');
}
