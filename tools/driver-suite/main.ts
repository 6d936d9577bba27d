/**
 * `npm run driver-suite [-- files]`: the Node.js driver's own integration tests, with MongoDB's specification tests among them,
 * against the MongoDB-wire gateway and a fresh embedded engine, or against `MONGODB_URI` (a gateway with
 * `--enable-test-commands`). The published package has no tests, so `DRIVER_CHECKOUT` names a checkout of the driver's sources
 * (mongodb/node-mongodb-native) in which `npm install` was done. Exits with 1 when anything fails that the engine can do.
 */
import { runClientSuite } from '../client-suites/suite';
import { ENGINE_LIMITS } from './engine-limits';

const TESTS = 'test/integration';
const FOLDERS = [
  'causal-consistency',
  'collection-management',
  'command-logging-and-monitoring',
  'crud',
  'gridfs',
  'index-management',
  'read-write-concern',
  'retryable-reads',
  'retryable-writes',
  'run-command',
  'sessions',
  'transactions',
  'transactions-convenient-api',
  'unified-test-format',
  'versioned-api',
];

runClientSuite({
  name: 'driver-suite',
  checkoutVariable: 'DRIVER_CHECKOUT',
  needed: ['test/mocha_mongodb.js', 'test/integration/crud', 'test/spec/crud', 'node_modules/ts-node'],
  mochaOptions: ['--config', 'test/mocha_mongodb.js'],
  files: FOLDERS.map((folder) => `${TESTS}/${folder}`),
  environment: (mongodbUri) => ({
    // The tests tell topologies apart, and most want a replica set.
    MONGODB_URI: mongodbUri.replace('directConnection=true', 'replicaSet=caas'),
    AUTH: mongodbUri.includes('@') ? 'auth' : 'noauth',
    TS_NODE_TRANSPILE_ONLY: 'true',
  }),
  limits: ENGINE_LIMITS,
  folderOf: (file) => /[/\\]integration[/\\]([^/\\]+)/.exec(file)?.[1] ?? file,
  passes: ({ share, failedHooks }) => share === 1 && failedHooks === 0,
});
