import { variables } from './expressions';
import { document } from './documents';
import { boolean, either, fieldPath, list, mostly, number, odd, one, record, type Part } from './parts';
import { arrayFilters, collation, hint, projection, query, sort, update } from './queries';
import { anyPipeline, collection, databasePipeline } from './stages';

const stored: Part = mostly(({ random }) => document(random));
const updates = either(update, update, anyPipeline);
const ordered = boolean;
export const cursor = record({ batchSize: number }, 0.5);

/** Fields of the commands that read and write documents. */
export const found = {
  'find!': collection,
  filter: query,
  sort,
  projection,
  hint,
  skip: number,
  limit: number,
  batchSize: number,
  singleBatch: boolean,
  max: odd,
  min: odd,
  returnKey: boolean,
  showRecordId: boolean,
  tailable: boolean,
  awaitData: boolean,
  oplogReplay: boolean,
  noCursorTimeout: boolean,
  allowPartialResults: boolean,
  allowDiskUse: boolean,
  collation,
  let: variables,
};
export const aggregated = {
  'aggregate!': collection,
  'pipeline!': anyPipeline,
  'cursor!': cursor,
  allowDiskUse: boolean,
  bypassDocumentValidation: boolean,
  hint,
  collation,
  let: variables,
  explain: boolean,
};
export const ofDatabase = { ...aggregated, 'aggregate!': one(1), 'pipeline!': databasePipeline };
export const inserted = {
  'insert!': collection,
  'documents!': list(stored, 1, 4),
  ordered,
  bypassDocumentValidation: boolean,
};
export const updated = {
  'update!': collection,
  'updates!': list(
    record(
      {
        'q!': query,
        'u!': updates,
        c: variables,
        upsert: boolean,
        multi: boolean,
        arrayFilters,
        collation,
        hint,
        sort,
      },
      0.85,
    ),
    1,
    3,
  ),
  ordered,
  bypassDocumentValidation: boolean,
  let: variables,
};
export const deleted = {
  'delete!': collection,
  'deletes!': list(record({ 'q!': query, 'limit!': one(0, 1), collation, hint }, 0.85), 1, 3),
  ordered,
  let: variables,
};
export const modified = {
  'findAndModify!': collection,
  query,
  sort,
  remove: boolean,
  update: updates,
  new: boolean,
  fields: projection,
  upsert: boolean,
  arrayFilters,
  collation,
  hint,
  let: variables,
  bypassDocumentValidation: boolean,
};
export const counted = { 'count!': collection, query, limit: number, skip: number, hint, collation };
export const distinct = { 'distinct!': collection, 'key!': fieldPath, query, collation, hint };
