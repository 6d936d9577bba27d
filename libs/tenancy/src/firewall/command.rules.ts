import type { Document } from 'mongodb';
import type { TenantId } from '#caas/kernel';
import { belongsWholly, mayHold } from './namespace';
import { isScoped, pipelineFault } from './pipeline.rules';

/** A command before it is sent, with the tenant that its mark names. */
export interface OutgoingCommand {
  database: string;
  name: string;
  command: Document;
  tenantId: TenantId;
}

/** Returns why the command must not be sent, or null. */
type Rule = (outgoing: OutgoingCommand) => string | null;

/** Commands that read or write documents, each with the rule that makes it safe. Any other command is refused. */
export const DATA_RULES: Readonly<Record<string, Rule>> = {
  find: onOwnCollection(({ command, tenantId }) => filterFault(tenantId, command.filter, 'find')),
  count: onOwnCollection(({ command, tenantId }) => filterFault(tenantId, command.query, 'count')),
  distinct: onOwnCollection(({ command, tenantId }) => filterFault(tenantId, command.query, 'distinct')),
  aggregate: onOwnCollection(({ database, command, tenantId }) =>
    pipelineFault(tenantId, command.pipeline, (name) => typeof name === 'string' && mayHold(tenantId, database, name)),
  ),
  insert: onOwnCollection(({ command, tenantId }) =>
    firstFault(command.documents, (document) =>
      isScoped(tenantId, encoded(document)) ? null : 'a document of another tenant',
    ),
  ),
  update: onOwnCollection(({ command, tenantId }) =>
    firstFault(
      command.updates,
      (statement) =>
        filterFault(tenantId, statement.q, 'update') ?? collationFault(statement) ?? updateFault(tenantId, statement.u),
    ),
  ),
  delete: onOwnCollection(({ command, tenantId }) =>
    firstFault(
      command.deletes,
      (statement) => filterFault(tenantId, statement.q, 'delete') ?? collationFault(statement),
    ),
  ),
  findAndModify: onOwnCollection(
    ({ command, tenantId }) =>
      filterFault(tenantId, command.query, 'findAndModify') ??
      (command.update === undefined ? null : updateFault(tenantId, command.update)),
  ),
};

/** Commands that create or remove a tenant's collections and indexes. None of them returns a document. */
export const PLACEMENT_RULES: Readonly<Record<string, Rule>> = {
  create: onOwnCollection(() => null),
  createIndexes: onOwnCollection(() => null),
  dropIndexes: onOwnCollection(() => null),
  listIndexes: onOwnCollection(() => null),
  listCollections: ({ command }) => (command.filter?.name ? null : 'a list of every collection'),
  drop: ({ database, command, tenantId }) =>
    belongsWholly(tenantId, database, String(command.drop)) ? null : 'dropping a collection others live in',
  dropDatabase: ({ database, tenantId }) =>
    database === `caas_${tenantId}` ? null : 'dropping a database others live in',
};

function onOwnCollection(rule: Rule): Rule {
  return (outgoing) => {
    const collection: unknown = outgoing.command[outgoing.name];
    const own = typeof collection === 'string' && mayHold(outgoing.tenantId, outgoing.database, collection);
    if (!own) return 'a collection of another tenant';
    return collationFault(outgoing.command) ?? rule(outgoing);
  };
}

/** The document as the driver encodes it: a hydrated mongoose document converts itself. */
function encoded(document: Document): Document {
  return typeof document?.toBSON === 'function' ? (document.toBSON() as Document) : document;
}

function filterFault(tenantId: TenantId, filter: unknown, name: string): string | null {
  return isScoped(tenantId, filter) ? null : `${name} without the tenant in its filter`;
}

function collationFault(command: Document): string | null {
  return command.collation === undefined ? null : 'a collation, which changes what equals a tenant id';
}

function firstFault(statements: unknown, faultOf: (statement: Document) => string | null): string | null {
  // The driver passes a list, or a document sequence that keeps its list next to the encoded bytes.
  const list: unknown = Array.isArray(statements) ? statements : (statements as Document | undefined)?.documents;
  if (!Array.isArray(list)) return 'statements that cannot be read';
  for (const statement of list as Document[]) {
    const fault = faultOf(statement);
    if (fault) return fault;
  }
  return null;
}

/** Stages of an update pipeline that could put another tenant's id into a document. */
const REPLACING_STAGES = new Set(['$replaceRoot', '$replaceWith', '$project']);

function updateFault(tenantId: TenantId, update: unknown): string | null {
  if (Array.isArray(update)) return firstFault(update, pipelineStageFault);
  const entries = Object.entries((update ?? {}) as Document);
  if (!entries.some(([key]) => key.startsWith('$'))) {
    return isScoped(tenantId, update) ? null : 'a replacement without the tenant';
  }
  for (const [operator, operand] of entries) {
    if (!mentionsTenantField(operand)) continue;
    if (operator === '$setOnInsert' && (operand as Document).tenant_id === tenantId) continue;
    return `${operator} of tenant_id`;
  }
  return null;
}

function pipelineStageFault(stage: Document): string | null {
  for (const [name, operand] of Object.entries(stage)) {
    if (REPLACING_STAGES.has(name)) return `${name} in an update`;
    if (mentionsTenantField(operand)) return `${name} of tenant_id in an update`;
  }
  return null;
}

/** Whether the operand contains `tenant_id`: as a written field, as the new name of a renamed field, or in the list of an `$unset`. */
function mentionsTenantField(operand: unknown): boolean {
  if (operand === 'tenant_id') return true;
  if (operand === null || typeof operand !== 'object') return false;
  return Object.hasOwn(operand, 'tenant_id') || Object.values(operand).includes('tenant_id');
}
