import { invalid, isExternalId } from '#caas/kernel';
import type { RelationshipSelection } from '../persistence/relationship.repository';
import {
  RELATIONSHIP_STATUSES,
  RELATIONSHIP_TYPES,
  type RelationshipType,
} from '../persistence/user-relationship.schema';
import type { UserSelection } from '../persistence/user.repository';
import { USER_STATUSES } from '../persistence/user.schema';

/* Query parameters of the lists. platform/http has already checked that each is known and given once. */

const MAX_EXTERNAL_IDS = 100;
const MAX_NAME_PREFIX_LENGTH = 256;

export const USER_SELECTION = ['status', 'external_ids', 'name'] as const;
export const RELATIONSHIP_SELECTION = ['type', 'status'] as const;

type Parameters<Names extends readonly string[]> = { [name in Names[number]]?: string };

/** @throws CaasError `invalid_parameter` (400) */
export function userSelectionOf({ status, external_ids, name }: Parameters<typeof USER_SELECTION>): UserSelection {
  const externalIds = external_ids?.split(',');
  if (externalIds && (externalIds.length > MAX_EXTERNAL_IDS || !externalIds.every(isExternalId))) {
    throw refused('external_ids', `must be up to ${MAX_EXTERNAL_IDS} external ids, separated by commas`);
  }
  if (name !== undefined && (name === '' || name.length > MAX_NAME_PREFIX_LENGTH)) {
    throw refused('name', `must be the beginning of a name, 1 to ${MAX_NAME_PREFIX_LENGTH} characters`);
  }
  return { status: oneOf(USER_STATUSES, 'status', status), externalIds, namePrefix: name };
}

/** @throws CaasError `invalid_parameter` (400) */
export function relationshipSelectionOf(query: Parameters<typeof RELATIONSHIP_SELECTION>): RelationshipSelection {
  const type = relationshipTypeOf(query.type);
  const status = oneOf(RELATIONSHIP_STATUSES, 'status', query.status);
  return { ...(type ? { type } : {}), ...(status ? { status } : {}) };
}

/** @throws CaasError `invalid_parameter` (400) */
export const relationshipTypeOf = (type: string | undefined): RelationshipType | undefined =>
  oneOf(RELATIONSHIP_TYPES, 'type', type);

function oneOf<T extends string>(known: readonly T[], field: string, value: string | undefined): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find((each) => each === value);
  if (found) return found;
  throw refused(field, `must be one of ${known.join(', ')}`);
}

const refused = (field: string, message: string) =>
  invalid('invalid_parameter', `The parameter "${field}" ${message}.`, [{ field, message }]);
