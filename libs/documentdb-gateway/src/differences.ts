/** Something that MongoDB 8 does and the embedded engine does otherwise, or not at all. */
export interface Difference {
  /** As Markdown, like the two answers. */
  feature: string;
  mongodb: string;
  here: string;
  /**
   * How a command that uses it can be told: a command (`count`), a field of one (`find.min`), a field of its statements
   * (`update.updates.c`), or a name that begins with a dollar, anywhere. Empty where only the answer shows it.
   */
  signs: readonly string[];
}

/** Each known difference from MongoDB 8. The README has them as a table; CaaS's own commands have none of the signs. */
export const DIFFERENCES: readonly Difference[] = [
  {
    feature: 'change streams, `$planCacheStats`, `$queryStats`',
    mongodb: 'served',
    here: 'refused (115, 40324)',
    signs: ['$changeStream', '$planCacheStats', '$queryStats'],
  },
  {
    feature: 'capped, time-series and clustered collections; `encryptedFields`; pre- and post-images',
    mongodb: 'served',
    here: 'refused (115)',
    signs: [
      'create.capped',
      'create.timeseries',
      'create.clusteredIndex',
      'create.encryptedFields',
      'create.changeStreamPreAndPostImages',
      'collMod.changeStreamPreAndPostImages',
    ],
  },
  {
    feature: '`tailable` cursors',
    mongodb: 'on capped collections',
    here: 'refused (2), as on any other collection',
    signs: ['find.tailable', 'find.awaitData'],
  },
  {
    feature: '`$where`, `$function`, `$accumulator`, `mapReduce`',
    mongodb: 'server-side JavaScript',
    here: 'refused',
    signs: ['$where', '$function', '$accumulator', 'mapReduce'],
  },
  {
    feature: '`find` with `min`/`max` and a hint, `returnKey`, `showRecordId`',
    mongodb: 'served',
    here: 'refused (115); without a hint 51173, as there',
    signs: ['find.min', 'find.max', 'find.returnKey', 'find.showRecordId'],
  },
  {
    feature: 'hidden indexes',
    mongodb: 'served',
    here: '`createIndexes` refuses (115); `collMod` hides',
    signs: ['createIndexes.indexes.hidden'],
  },
  {
    feature: 'collation of `update`, `findAndModify`, `create`, `$setWindowFields`, or `$push` in a `$group`',
    mongodb: 'served',
    here: 'refused (115); `find`, `aggregate`, `count`, `distinct`, `delete` have it',
    signs: ['update.updates.collation', 'findAndModify.collation', 'create.collation'],
  },
  {
    feature: '`distinct` with a collation and a position in its path (`l.0`)',
    mongodb: 'served',
    here: 'refused (115)',
    signs: ['distinct.collation'],
  },
  {
    feature: '`update.updates.c` (constants)',
    mongodb: 'served',
    here: 'refused (40415); `let` is served',
    signs: ['update.updates.c'],
  },
  {
    feature: '`sort` of an update, in `bulkWrite` as well',
    mongodb: 'served',
    here: 'refused (115); `findAndModify` sorts',
    signs: ['update.updates.sort', 'bulkWrite.ops.sort'],
  },
  {
    feature: '`$currentOp`, `currentOp`, `killOp`',
    mongodb: 'the whole node',
    here: "this gateway's commands, transactions, cursors; a filter of `currentOp` by equality",
    signs: ['$currentOp', 'currentOp', 'killOp'],
  },
  {
    feature: "`bsonType: 'number'` of a `$jsonSchema`",
    mongodb: 'kept as written',
    here: 'kept as the four types that it stands for',
    signs: ['$jsonSchema'],
  },
  {
    feature: '`readConcern: snapshot` outside a transaction',
    mongodb: 'served',
    here: 'refused (246; 72 where MongoDB has none)',
    signs: [],
  },
  {
    feature: '`noCursorTimeout`',
    mongodb: 'the cursor lives as long as its session',
    here: 'closed after ten idle minutes',
    signs: ['find.noCursorTimeout'],
  },
  {
    feature: '`hint` of a write',
    mongodb: 'chooses the index',
    here: 'must name an index (2); the engine chooses',
    signs: ['update.updates.hint', 'delete.deletes.hint', 'findAndModify.hint'],
  },
  {
    feature: 'several statements with one wrong hint',
    mongodb: 'that statement fails',
    here: 'the command is refused (2), nothing done',
    signs: [],
  },
  {
    feature: '`$documents`, `$collStats`, `$indexStats`, `$currentOp` or `$listLocalSessions` into `$merge`/`$out`',
    mongodb: 'served',
    here: 'refused (115)',
    signs: ['$documents', '$collStats', '$indexStats', '$currentOp'],
  },
  {
    feature:
      '`$out` of no collection, or onto its own; `$merge` behind `$graphLookup`, or with a pipeline in `whenMatched`',
    mongodb: 'served',
    here: 'refused (115)',
    signs: ['$out', '$merge'],
  },
  {
    feature: '`$median`, `$percentile`, `$stdDevPop`, `$stdDevSamp` as expressions',
    mongodb: 'served',
    here: 'refused (31325, 115); in `$group` they are served',
    signs: ['$median', '$percentile', '$stdDevPop', '$stdDevSamp'],
  },
  {
    feature: '`%b`, `%B` in `$dateToString`',
    mongodb: 'names of months',
    here: 'refused (18536)',
    signs: ['$dateToString'],
  },
  { feature: '`$minMaxScaler`', mongodb: 'from 8.2', here: 'refused (9)', signs: ['$minMaxScaler'] },
  {
    feature: 'indexed values, `_id` among them, of more than about 2,700 bytes when compressed',
    mongodb: 'served',
    here: 'refused (17280)',
    signs: [],
  },
  {
    feature: 'a pattern with the flag `s` in an `$elemMatch` of `$all`',
    mongodb: 'served',
    here: 'refused (51108)',
    signs: [],
  },
  {
    feature: '`$ref`, `$id`, `$db` as fields in an `$elemMatch`',
    mongodb: "a DBRef's fields",
    here: 'refused (2)',
    signs: [],
  },
  { feature: '`additionalProperties` of a `$jsonSchema`', mongodb: 'served', here: 'refused (9)', signs: [] },
  { feature: '`$geoIntersects` of stored arrays of geometries', mongodb: 'found', here: 'not found', signs: [] },
  { feature: '`$near` in the filter of an update', mongodb: 'served', here: 'refused (5626500)', signs: [] },
  {
    feature: 'unique text indexes, a collation of a unique index',
    mongodb: 'served',
    here: 'refused (115)',
    signs: [],
  },
  { feature: "`_id: { a: '$missing' }` in `$group`", mongodb: 'a document without `a`', here: '`a: null`', signs: [] },
  { feature: '`$toString` of a large double', mongodb: '`1e+21`', here: '`1E+21`', signs: ['$toString'] },
  {
    feature: 'order of the values of `distinct`, `$setUnion`, `$setIntersection`',
    mongodb: 'not promised, mostly sorted',
    here: 'another',
    signs: ['$setUnion', '$setIntersection'],
  },
  { feature: 'order of new fields of one `$set`', mongodb: 'by name', here: 'as the client wrote them', signs: [] },
  {
    feature: '`count` without a query (`estimatedDocumentCount`)',
    mongodb: "the collection's counter",
    here: "the engine's statistics, which may lag; `countDocuments` is exact",
    signs: ['count'],
  },
  {
    feature: '`bulkWrite`',
    mongodb: 'each operation by itself; a reply over 16 MB has a cursor',
    here: 'one transaction; one reply',
    signs: ['bulkWrite'],
  },
  {
    feature: '`errInfo` of a refused document',
    mongodb: '`failingDocumentId` and each rule not met',
    here: "`failingDocumentId` and the operator's name",
    signs: [],
  },
  {
    feature: '`explain`',
    mongodb: "MongoDB's plan and its statistics",
    here: "MongoDB's names for the outermost stages over PostgreSQL's plan; of a write, the plan that finds the documents",
    signs: ['explain'],
  },
  {
    feature: 'OP_COMPRESSED, TLS, exhaust cursors',
    mongodb: 'served',
    here: 'not offered; drivers do without',
    signs: [],
  },
  {
    feature: 'users and roles',
    mongodb: 'served',
    here: 'one login',
    signs: ['createUser', 'createRole', 'usersInfo'],
  },
];
