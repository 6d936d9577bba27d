import type { EngineLimit } from '../client-suites/report';

const BAD_VALUE = 2;
const FAILED_TO_PARSE = 9;
const TYPE_MISMATCH = 14;
const COMMAND_NOT_SUPPORTED = 115;
const NEAR_NOT_ALLOWED = 5626500;
const INVALID_REGEX_FLAG = 51_108;

/** What DocumentDB or a replica set of one cannot do, by the tests of mongoose that ask for it. */
export const ENGINE_LIMITS: readonly EngineLimit[] = [
  { feature: 'change streams', code: COMMAND_NOT_SUPPORTED, tests: ['Model bug fixes 3.6 features watch() '] },
  {
    feature: 'capped collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'collections: capped: creation',
      'collections: capped: skips when setting autoCreate to false (gh-8566)',
      'connections: helpers createCollection()',
      'Model respects schema-level `collectionOptions` for setting options to createCollection()',
    ],
  },
  {
    feature: 'time-series collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'createCollection() respects timeseries (gh-10611)',
      'createCollection() enforces expireAfterSeconds (gh-11229)',
      'createCollection() enforces expires (gh-11229)',
      'createCollection() enforces expireAfterSeconds when set by Schema (gh-11229)',
      'createCollection() enforces expires when set by Schema (gh-11229)',
      'mongodb actually removes expired documents (gh-11229)',
      'Model diffIndexes() avoids trying to drop timeseries collections (gh-14984)',
    ],
  },
  {
    feature: 'clustered collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['createCollection() respects clusteredIndex'],
  },
  {
    feature: 'a collation of a whole collection',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'connections: openUri (gh-5304) with autoCreate (gh-6489)',
      'discriminators with unique uses schema-level collation by default (gh-9912)',
      'createCollection() respects schema collation (gh-6489)',
    ],
  },
  {
    feature: 'a collation of a unique index',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['discriminators with unique different collation with syncIndexes() (gh-8521)'],
  },
  {
    feature: 'unique text indexes',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['discriminators with unique should prevent collation on text indexes (gh-10044)'],
  },
  {
    feature: '$where and server-side JavaScript',
    code: BAD_VALUE,
    tests: ['findOne querying via $where a string', 'findOne querying via $where a function'],
  },
  {
    feature: 'a $where that sleeps',
    message: 'unknown top level operator: $where',
    tests: [
      'Query maxTimeMS() (gh-7254)',
      'Query connection-level maxTimeMS() (gh-4066)',
      'Query mongoose-level maxTimeMS() (gh-4066)',
    ],
  },
  {
    feature: '$jsonSchema with additionalProperties',
    code: FAILED_TO_PARSE,
    tests: ['schema jsonSchema() (gh-11162) handles maps'],
  },
  {
    feature: '$near in an update',
    code: NEAR_NOT_ALLOWED,
    tests: ['Query bug fixes geojson underneath array (gh-5467)'],
  },
  {
    feature: 'an expression of constants that fails, in an update of nothing',
    code: TYPE_MISMATCH,
    tests: ['document supports updateOne with update pipeline'],
  },
  {
    feature: 'documents in the order of a hinted index, without a sort',
    tests: ['Mongo 3.6 options adds hint option'],
  },
  {
    feature: '$geoIntersects with an array of geometries',
    tests: ['2dsphere $geoIntersects MultiLineString', '2dsphere $geoIntersects MultiPolygon'],
  },
  {
    feature: 'a regular expression with the flag s in an $elemMatch of $all',
    code: INVALID_REGEX_FLAG,
    tests: ['model: querying: $all with $elemMatch (gh-3163)'],
  },
  {
    feature: 'the fields of a DBRef in an $elemMatch',
    code: BAD_VALUE,
    tests: ['Query casts $elemMatch with dbrefs (gh-8577)'],
  },
  {
    feature: 'secondaries, which the client waits for',
    message: 'Timeout of',
    tests: [
      'mongoose.connect forces autoIndex & autoCreate to be false if read preference is secondary',
      'mongoose.createConnection forces autoIndex & autoCreate to be false if read preference is secondary',
      'Query options read inherits its models schema read option and sends it though the driver',
    ],
  },
];
