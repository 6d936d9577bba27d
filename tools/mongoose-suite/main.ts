/**
 * `npm run mongoose-suite [-- files]`: mongoose's own tests against the MongoDB-wire gateway and a fresh embedded engine, or
 * against `MONGODB_URI`. The published package has no tests, so `MONGOOSE_CHECKOUT` names a checkout of mongoose's sources in
 * which `npm install` was done. Exits with 1 when a hook fails, or too few pass of the tests that the engine can serve.
 */
import { basename } from 'node:path';
import { runClientSuite } from '../client-suites/suite';
import { ENGINE_LIMITS } from './engine-limits';

/** Of the tests that ask for nothing the engine lacks. The rest is timing: some tests wait 20 ms and look. */
const MUST_PASS = 0.995;
const MOST_EXPLAINED = 80;

runClientSuite({
  name: 'mongoose-suite',
  checkoutVariable: 'MONGOOSE_CHECKOUT',
  needed: ['test/common.js', 'node_modules/mongodb'],
  mochaOptions: ['--timeout', '30000', '--ignore', 'test/encryption/**/*.test.js'],
  files: ['./test/**/*.test.js'],
  environment: (mongodbUri) => ({
    MONGOOSE_TEST_URI: mongodbUri,
    // As in mongoose's own `npm run test-rs`: with transactions.
    START_REPLICA_SET: '1',
    MONGOOSE_REPLSET_URI: mongodbUri.replace('directConnection=true', 'replicaSet=caas'),
  }),
  limits: ENGINE_LIMITS,
  folderOf: (file) => basename(file, '.test.js'),
  passes: ({ share, explained, failedHooks }) => failedHooks === 0 && share >= MUST_PASS && explained <= MOST_EXPLAINED,
});
