import { command } from '../framework/command';
import { DRY_RUN, number, oneOf, optional, TENANT, tenantId, text, YES } from '../framework/values';
import { SHELLS } from '../framework/completion';

export const messagingVerify = command({
  path: 'messaging verify',
  does: 'counts everything that messaging keeps count of anew; any drift is a failure',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT },
});

export const mediaVerify = command({
  path: 'media verify',
  does: 'compares files, what holds them, and objects; drift or a missing object is a failure',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT },
});

export const indexesSync = command({
  path: 'indexes sync',
  does: 'brings every placement to the indexes that this version declares',
  parts: 'everything',
  words: {},
  options: { tenant: optional(tenantId('only this one; all of them otherwise')), 'dry-run': DRY_RUN },
});

export const auditLogList = command({
  path: 'audit-log list',
  does: 'who did what to which tenant, newest first',
  parts: 'control plane',
  words: {},
  options: {
    tenant: optional(tenantId('only what concerns this one')),
    limit: optional(number('n', 'how many entries; 50 unless given', { min: 1, max: 10_000 })),
  },
});

export const JOB_STATES = ['waiting', 'active', 'delayed', 'failed', 'completed'] as const;
const queue = text('queue', 'the queue, see `jobs queues`');

export const jobsQueues = command({
  path: 'jobs queues',
  does: 'how many jobs wait, run and failed in each queue, and how old the oldest is',
  parts: 'control plane',
  words: {},
  options: {},
});

export const jobsList = command({
  path: 'jobs list',
  does: 'the jobs of a queue: what each does, for whom, and why it failed',
  parts: 'control plane',
  words: { queue },
  options: {
    state: optional(oneOf(JOB_STATES, 'only those; the failed ones unless given')),
    tenant: optional(tenantId('only those of this tenant')),
    limit: optional(number('n', 'how many; 50 unless given', { min: 1, max: 10_000 })),
  },
});

export const jobsRetry = command({
  path: 'jobs retry',
  does: 'lets failed jobs of a queue be done again: one, those of a tenant, or all',
  parts: 'control plane',
  words: { queue },
  options: {
    job: optional(text('id', 'only this one')),
    tenant: optional(tenantId('only those of this tenant')),
    'dry-run': DRY_RUN,
  },
});

export const jobsRemove = command({
  path: 'jobs remove',
  does: 'takes failed jobs out of a queue: one, those of a tenant, or all',
  parts: 'control plane',
  words: { queue },
  options: {
    job: optional(text('id', 'only this one')),
    tenant: optional(tenantId('only those of this tenant')),
    yes: YES,
    'dry-run': DRY_RUN,
  },
});

export const doctor = command({
  path: 'doctor',
  does: 'looks at everything that CaaS needs, and says what is wrong and what to do; changes nothing',
  parts: 'nothing',
  words: {},
  options: {
    within: optional(
      number('s', 'seconds it may take; 5 unless given. Of many tenants it looks at as many as it comes to', {
        min: 2,
        max: 3_600,
      }),
    ),
  },
});

export const completion = command({
  path: 'completion',
  does: 'a script with which the shell completes commands and options',
  parts: 'nothing',
  words: { shell: oneOf(SHELLS, 'which shell') },
  options: {},
});
