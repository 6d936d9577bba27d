export type { Actor, UserReference } from './actor';
export { Clock, SystemClock } from './clock';
export { counted, countsByEmoji, keyOfEmoji, parseEmoji } from './emoji';
export { isDuplicateKey, isEngineAway } from './engine-errors';
export {
  CaasError,
  type ErrorKind,
  type FieldError,
  conflict,
  forbidden,
  invalid,
  notFound,
  unauthenticated,
} from './errors';
export {
  type TenantId,
  isExternalId,
  isObjectIdHex,
  isTenantId,
  newRequestId,
  newTenantId,
  parseObjectId,
  parseTenantId,
} from './ids';
export { instantOf, parseInstant } from './instants';
export { MAX_METADATA_BYTES, metadataProblem } from './metadata';
export {
  type CursorKind,
  DEFAULT_PAGE_LIMIT,
  type Direction,
  MAX_PAGE_LIMIT,
  type Page,
  type PageRequest,
  cursorOfPlace,
  cutPage,
  mapPage,
  parsePageRequest,
  placeOfCursor,
} from './paging';
export { Preconditions } from './preconditions';
export { RequestContext } from './request-context';
export {
  type BulkSummary,
  DuplicateKeyError,
  type Filter,
  type FindOptions,
  type InsertSummary,
  type NewDocument,
  type ReadOptions,
  type Sort,
  type Stage,
  type TenantCollection,
  type TenantConnection,
  type TenantDocument,
  type TenantRepository,
  type Update,
  type UpdateOptions,
  type UpdateSummary,
  type WriteOperation,
} from './tenant-connection';
export {
  PLACEMENT_OF_TIER,
  type Placement,
  QUOTAS,
  type Quota,
  type QuotaLimits,
  TIERS,
  type Tenant,
  type Tier,
} from './tenant';
export {
  type TextLimits,
  blankOrDisplayedTextProblem,
  comparableText,
  displayedTextProblem,
  isBlank,
  isWithin,
  textOrNone,
} from './text';
export { versioned, versionOf } from './versions';
