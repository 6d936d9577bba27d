/**
 * Who may import whom. An allow-list: an import that no line below permits is an error.
 *
 *   kernel ← contracts ← platform/* ← tenancy ← access ← domain/* ← apps
 *                                             control-plane stands beside the domains, on access
 *
 * Against that direction only by a port (the lower library declares an abstract class, a higher one provides it) or an
 * event in contracts. Between libraries always through src/index.ts.
 */
const library = (name) => `^libs/${name}/src/index\\.ts$`;
/** What only tests use of a library. */
const forTests = (name) => `^libs/${name}/src/(index|testing)\\.ts$`;
const inside = (name) => `^libs/${name}/`;

const LOWER = {
  contracts: ['kernel'],
  'platform/[^/]+': ['kernel', 'contracts', 'platform/[^/]+'],
  tenancy: ['kernel', 'contracts', 'platform/[^/]+'],
  access: ['kernel', 'contracts', 'platform/[^/]+', 'tenancy'],
  'control-plane': ['kernel', 'contracts', 'platform/[^/]+', 'tenancy', 'access'],
  'domain/[^/]+': ['kernel', 'contracts', 'platform/[^/]+', 'tenancy', 'access'],
  'domain/usage': ['domain/settings'],
  'domain/users': ['domain/(settings|usage)'],
  'domain/media': ['domain/(settings|usage|users)'],
  'domain/encryption': ['domain/(settings|users)'],
  'domain/conversations': ['domain/(settings|usage|users|encryption)'],
  'domain/messages': ['domain/(settings|usage|users|media|conversations)'],
  'domain/presence': ['domain/(settings|users|conversations)'],
  'domain/posts': ['domain/(settings|usage|users|media)'],
  'domain/groups': ['domain/(settings|users|conversations)'],
  'domain/inbox': ['domain/(users|conversations|messages)'],
  'domain/scheduled': ['domain/(users|media|conversations|messages)'],
  'domain/moderation': ['domain/(settings|users|conversations|messages|groups)'],
  'domain/archive': ['domain/(settings|conversations|messages)'],
  'documentdb-gateway': ['kernel', 'platform/concurrency'],
  testing: [
    'kernel',
    'contracts',
    'platform/[^/]+',
    'tenancy',
    'access',
    'control-plane',
    'domain/[^/]+',
    'documentdb-gateway',
  ],
};

const npm = { dependencyTypes: ['npm', 'npm-dev', 'npm-peer', 'npm-optional', 'core', 'npm-no-pkg'] };

module.exports = {
  allowed: [
    { from: { path: '^libs/((?:platform|domain)/[^/]+|[^/]+)/' }, to: { path: '^libs/$1/' } },
    ...Object.entries(LOWER).map(([name, lower]) => ({
      from: { path: inside(name) },
      to: { path: lower.map(name === 'testing' ? forTests : library) },
    })),
    { from: { path: '^libs/.*\\.(spec|support|fixture)\\.ts$' }, to: { path: [library('testing'), forTests('.+')] } },
    { from: { path: '^apps/([^/]+)/' }, to: { path: '^apps/$1/' } },
    { from: { path: '^(apps|tools|test)/' }, to: { path: library('((platform|domain)/[^/]+|testing/tenancy|[^/]+)') } },
    { from: { path: '(^test/|\\.spec\\.ts$)' }, to: { path: forTests('((platform|domain)/[^/]+|[^/]+)') } },
    // A system under test is started as the one-machine stack starts it.
    { from: { path: inside('testing') }, to: { path: '^tools/stack/(repository|process/(ports|wait))\\.ts$' } },
    { from: { path: '^tools/' }, to: { path: '^(tools|package\\.json)' } },
    { from: { path: '^test/' }, to: { path: ['^test/', '^tools/', '^apps/[^/]+/src/(app\\.module|run)\\.ts$'] } },
    { from: {}, to: npm },
  ],
  allowedSeverity: 'error',
  forbidden: [
    {
      name: 'kernel-is-pure',
      comment: 'The kernel knows no framework and does no I/O.',
      severity: 'error',
      from: { path: inside('kernel'), pathNot: '\\.spec\\.ts$' },
      to: { pathNot: [inside('kernel'), '^bson$', 'node_modules/bson/', '^(node:)?crypto$'] },
    },
    {
      name: 'concurrency-is-pure',
      comment: 'It knows no framework and does no I/O: what knows none either, as the gateway, may have it.',
      severity: 'error',
      from: { path: inside('platform/concurrency'), pathNot: '\\.spec\\.ts$' },
      to: { pathNot: [inside('platform/concurrency'), library('kernel')] },
    },
    {
      name: 'mongoose-stays-with-the-data',
      comment: 'Tenant data are reached through ctx.repository; mongoose is for schemas and for tenancy itself.',
      severity: 'error',
      from: {
        path: '^(libs|apps)/',
        pathNot: [
          '\\.(schema|repository|spec)\\.ts$',
          inside('tenancy'),
          inside('testing'),
          inside('documentdb-gateway'),
          // It looks at how data lie when an application may not start, and reads nobody's.
          '^apps/cli/src/doctor/checks/',
        ],
      },
      to: { path: 'node_modules/(mongoose|mongodb)/' },
    },
    {
      name: 'domain-services-know-no-http',
      comment:
        'Services, views and jobs serve every transport. What HTTP shares with them (versions, limits) is in the kernel.',
      severity: 'error',
      from: { path: '^libs/domain/', pathNot: ['\\.(controller|dto|module|spec)\\.ts$', '/src/http/'] },
      to: { path: inside('platform/http') },
    },
    {
      name: 'controllers-know-no-schema',
      severity: 'error',
      from: { path: '\\.(controller|gateway|socket)\\.ts$' },
      to: { path: '\\.schema\\.ts$' },
    },
    {
      name: 'testing-stays-in-tests',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: ['\\.spec\\.ts$', inside('testing')] },
      to: { path: inside('testing') },
    },
    {
      name: 'no-folder-circles',
      comment: 'Folders of a library stand one above the other, types included: a reader finds where to begin.',
      severity: 'error',
      scope: 'folder',
      from: { path: '^libs/' },
      to: { circular: true },
    },
    { name: 'no-circles', comment: 'Types included.', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: `${__dirname}/tsconfig.json` },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', 'boundaries-fixture/'] },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default'],
    },
  },
};
