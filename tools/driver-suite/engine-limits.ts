import type { EngineLimit } from '../client-suites/report';

const COMMAND_NOT_SUPPORTED = 115;
const SNAPSHOT_UNAVAILABLE = 246;

/** What DocumentDB or a replica set of one cannot do, by the tests of the driver that ask for it. */
export const ENGINE_LIMITS: readonly EngineLimit[] = [
  {
    feature: 'change streams',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Retryable Reads (unified) changeStreams-', 'Unified test format runner (valid-pass) poc-change-streams'],
  },
  {
    feature: 'change streams, with a write concern of 0',
    message: 'Timeout of 60000ms exceeded',
    tests: ['when writeConcern = 0 cursor creating operations with a getMore succeeds on changeStream'],
  },
  {
    feature: 'pre-images and post-images of change streams',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['createCollection-pre_and_post_images createCollection with changeStreamPreAndPostImages enabled'],
  },
  {
    feature: 'capped collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'Find Cursor #tryNext should return control to the user if an empty batch is returned',
      'MaxTimeMS awaitData, tailable, maxTimeMS, and maxAwaitTimeMS on cursors "before each" hook',
      'Cursor shouldAwaitDataWithDocumentsAvailable',
      'Cursor awaiting data core tailable cursor test',
      'runCursorCommand does not close the cursor when receiving an empty batch',
      'collectionData-createOptions collection is created with the correct options',
    ],
  },
  {
    feature: 'time-series collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Collection management unified spec tests timeseries-collection'],
  },
  {
    feature: 'clustered collections',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Collection management unified spec tests clustered-indexes'],
  },
  {
    feature: '$out into the collection that is read',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Document Validation should correctly bypass validation for aggregation using out'],
  },
  {
    feature: 'min and max of find',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Command Monitoring Spec (unified) find A successful find with options'],
  },
  {
    feature: '$out of a collection that is not there',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['ReadConcern Should set majority readConcern aggregate command against server >= 4.1'],
  },
  {
    feature: 'returnKey of find',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['Command Monitoring Spec (unified) find A successful find with showRecordId and returnKey'],
  },
  {
    feature: 'reads of a snapshot of the past, outside a transaction',
    code: SNAPSHOT_UNAVAILABLE,
    tests: [
      'Sessions spec tests snapshot-sessions ',
      'afterClusterTime is not sent on retried read in implicit session when readConcern level is snapshot',
    ],
  },
  {
    feature: 'secondaries',
    tests: [
      'Aggregation should perform aggregations with a write stage on secondary when readPreference is secondary',
      'Find should respect client-level read preference',
      '#findOneAndUpdate when passing in a non-primary read preference "before each" hook',
      '#findOneAndUpdate when passing in a non-primary read preference "after each" hook',
      'Cursor should correctly execute cursor count with secondary readPreference',
      'run command with secondary read preference in client option and primary read preference in transaction options',
      'transaction-options readPreference inherited from client',
      'Command Monitoring records APM events for reads on secondaries',
      'When enableOverloadRetargeting is enabled retries on a different server when SystemOverloadedError',
    ],
  },
  {
    feature: 'client-side encryption, whose native module the checkout lacks',
    tests: ['MongoClient.bulkWrite returns an error if auto-encryption is configured "before each" hook'],
  },
  {
    feature: 'a cursor that outlives its last document: here it ends with it, which saves a getMore',
    tests: ['Find Cursor #next should support a batch size'],
  },
  {
    feature: 'a collation of update and findAndModify',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'Bulk should apply collation via FindOperators',
      'CRUD unified bulkWrite-collation BulkWrite with update operations and collation',
      'CRUD unified findOneAndDelete-collation',
      'CRUD unified findOneAndReplace-collation',
      'CRUD unified findOneAndUpdate-collation',
      'CRUD unified replaceOne-collation',
      'CRUD unified updateMany-collation',
      'CRUD unified updateOne-collation',
    ],
  },
  {
    feature: 'a sort of an update',
    code: COMMAND_NOT_SUPPORTED,
    tests: [
      'CRUD unified BulkWrite replaceOne-sort BulkWrite replaceOne with sort option',
      'CRUD unified BulkWrite updateOne-sort BulkWrite updateOne with sort option',
      'CRUD unified replaceOne-sort ReplaceOne with sort option',
      'CRUD unified updateOne-sort UpdateOne with sort option',
    ],
  },
  {
    feature: 'a sort or a collation of an update of a client-level bulkWrite',
    message: 'Mongo client bulk write encountered an error during execution',
    tests: [
      'CRUD unified client bulkWrite replaceOne-sort',
      'CRUD unified client bulkWrite updateOne-sort',
      'CRUD unified client bulkWrite update options client bulkWrite update with collation',
    ],
  },
  {
    feature: '$out and $merge of documents that no collection has',
    code: COMMAND_NOT_SUPPORTED,
    tests: ['CRUD unified db-aggregate-write-readPreference Database-level aggregate with $'],
  },
  {
    feature: '$merge of $documents',
    tests: ['CRUD unified aggregate-merge-errorResponse aggregate $merge DuplicateKey error is accessible'],
  },
  {
    feature: 'an _id of 8 MB, which no index of PostgreSQL holds',
    message: 'bulk write encountered a write error',
    tests: [
      'Client Bulk Write CSOT enabled acknowledged writes when the timeout is reached while iterating the result cursor',
      'Client Bulk Write CSOT enabled acknowledged writes if the cursor encounters an error and a killCursors is sent',
      'CRUD Prose Spec Tests 7. MongoClient.bulkWrite handles a cursor requiring a getMore',
      'CRUD Prose Spec Tests 8. MongoClient.bulkWrite handles a cursor requiring getMore within a transaction',
    ],
  },
  {
    feature: 'the same, where the test looks at the error of the getMore that it expects',
    message: "reading 'code'",
    tests: ['CRUD Prose Spec Tests 9. MongoClient.bulkWrite handles a getMore error'],
  },
  {
    feature: 'a fail point of getMore that the test before leaves on, for want of a cursor of bulkWrite',
    message: "Failing command via 'failCommand' failpoint",
    tests: ['CRUD unified aggregate aggregate with multiple batches works'],
  },
];
