import { addImport } from '../edits/imports';
import {
  addBeforeConstant,
  addInterfaceMember,
  addMember,
  addProperty,
  addToArray,
  addToListIn,
  hasMember,
  hasProperty,
} from '../edits/lists';
import type { Generator } from '../generator';
import { camel, pascal, requireFreeKebab, snake } from '../names';
import { UsageError } from '../usage-error';
import type { Workspace } from '../workspace';
import * as template from './kind-templates';

const SRC = 'libs/domain/messages/src';
const CONTENTS = `${SRC}/store/kind-contents.ts`;
const MESSAGE_CONTENT = `${SRC}/store/message-content.ts`;
const KINDS = `${SRC}/kinds/message-kinds.ts`;
const SEND_BODY = `${SRC}/sending/messages.dto.ts`;
const CONTRACTS = 'libs/contracts/src/events.ts';

/** Types of messages that have no kind. */
const PLAIN_TYPES = new Set(['text', 'media', 'system']);

/** A kind of message with one text: stored, in bodies, views and events. */
export const messageKind: Generator = {
  usage: 'message-kind <name>',
  words: 1,
  prepare(workspace, [given]) {
    const name = requireFreeKebab(given, 'message kind', 'location');
    requireFree(workspace, name);
    createFiles(workspace, name);
    addToStore(workspace, name);
    addToBodies(workspace, name);
    addToContracts(workspace, name);
    return [
      `${SRC}/store/${name}-content.ts, kinds/${name}.dto.ts, kinds/${name}-kind.ts and ${CONTRACTS}: its fields ` +
        'in place of the one text.',
      `${SRC}/kinds/${name}-kind.ts: \`isEditable\`, and then the field in editing/message-actions.dto.ts; rows of users, if there are any.`,
      `${SRC}/sending/messages.service.ts: \`invalid_${snake(name)}\`, and what else \`prepare\` throws, in the docstring of \`send\`.`,
      `docs/messages.md and test/e2e/messages-${name}.spec.ts: what is special about it; edits and the archive are not tried there yet.`,
    ];
  },
};

function requireFree(workspace: Workspace, name: string): void {
  const type = snake(name);
  const taken =
    PLAIN_TYPES.has(type) ||
    hasMember(workspace.read(MESSAGE_CONTENT), 'MessageContent', type) ||
    hasMember(workspace.read(`${SRC}/store/message.schema.ts`), 'Message', type) ||
    hasMember(workspace.read(SEND_BODY), 'SendMessageDto', type) ||
    hasProperty(workspace.read(CONTRACTS), 'messageView', type);
  if (taken) throw new UsageError(`Messages have a kind or a field "${type}" already.`);
  const bodies = workspace.sourcesBelow('libs').filter((path) => path.endsWith('.dto.ts'));
  const owner = bodies.find((path) => workspace.read(path).includes(`class ${pascal(name)}Dto `));
  if (owner) throw new UsageError(`The body ${pascal(name)}Dto exists already, in ${owner}; name the kind otherwise.`);
}

function createFiles(workspace: Workspace, name: string): void {
  workspace.create(`${SRC}/store/${name}-content.ts`, template.content(name));
  workspace.create(`${SRC}/kinds/${name}.dto.ts`, template.dto(name));
  workspace.create(`${SRC}/kinds/${name}-kind.ts`, template.kind(name));
  workspace.create(`${SRC}/kinds/${name}-kind.spec.ts`, template.kindSpec(name));
  workspace.create(`test/e2e/messages-${name}.spec.ts`, template.suite(name));
}

function addToStore(workspace: Workspace, name: string): void {
  const content = [`type ${pascal(name)}`, `./${name}-content`] as const;
  workspace.edit(CONTENTS, (before) => {
    const text = addInterfaceMember(before, 'KindContents', `${snake(name)}: ${pascal(name)};`);
    return addImport(addToArray(text, 'KIND_TYPES', `'${snake(name)}'`), ...content);
  });
  workspace.edit(MESSAGE_CONTENT, (text) =>
    addImport(addMember(text, 'MessageContent', template.contentField(name)), ...content),
  );
  workspace.edit(KINDS, (before) => {
    const text = addProperty(before, 'KINDS', `${snake(name)}: new ${pascal(name)}Kind()`);
    return addImport(text, `${pascal(name)}Kind`, `./${name}-kind`);
  });
}

function addToBodies(workspace: Workspace, name: string): void {
  workspace.edit(SEND_BODY, (before) => {
    const text = addMember(before, 'SendMessageDto', template.dtoField(name));
    return addImport(text, `${pascal(name)}Dto`, `../kinds/${name}.dto`);
  });
}

function addToContracts(workspace: Workspace, name: string): void {
  workspace.edit(CONTRACTS, (before) => {
    let text = addProperty(before, 'messageView', `${snake(name)}: ${camel(name)}Content.nullable()`);
    text = addToListIn(text, 'messageView', 'type', `'${snake(name)}'`);
    return addBeforeConstant(text, 'messageView', template.contract(name));
  });
}
