import { bind, type Command } from '../framework/command';
import * as archive from './archive';
import * as care from './care';
import * as keys from './keys';
import * as settings from './settings';
import * as tenants from './tenants';
import * as usage from './usage';
import * as users from './users';

/** What stands first of a command, in the order of the help. */
export const GROUPS: Record<string, string> = {
  tenants: 'Tenants: make, look at, suspend, delete',
  keys: 'The keys of a tenant',
  users: 'The users of a tenant',
  sessions: 'The sessions of a user',
  settings: 'The settings of a tenant',
  usage: 'What tenants use, counted',
  quotas: 'What a tenant may use',
  archive: 'Cold storage, legal holds, export',
  messaging: 'Checks of conversations and messages',
  media: 'Checks of files',
  indexes: 'Database indexes',
  jobs: 'Background jobs',
  'audit-log': 'Who did what',
  doctor: 'Is everything there that CaaS needs?',
  completion: 'Completion for bash and zsh',
};

const tenantActions = () => import('../actions/tenants.js');
const keyActions = () => import('../actions/keys.js');
const userActions = () => import('../actions/users.js');
const settingActions = () => import('../actions/settings.js');
const usageActions = () => import('../actions/usage.js');
const archiveActions = () => import('../actions/archive.js');
const verifyActions = () => import('../actions/verify.js');
const indexActions = () => import('../actions/indexes.js');
const auditActions = () => import('../actions/audit-log.js');
const jobActions = () => import('../actions/jobs.js');

/** Every command, and what does it. */
export const COMMANDS: readonly Command[] = [
  bind(tenants.tenantsCreate, async () => (await tenantActions()).create),
  bind(tenants.tenantsList, async () => (await tenantActions()).list),
  bind(tenants.tenantsShow, async () => (await tenantActions()).show),
  bind(tenants.tenantsRename, async () => (await tenantActions()).rename),
  bind(tenants.tenantsSuspend, async () => (await tenantActions()).suspend),
  bind(tenants.tenantsActivate, async () => (await tenantActions()).activate),
  bind(tenants.tenantsTier, async () => (await tenantActions()).changeTier),
  bind(tenants.tenantsDelete, async () => (await tenantActions()).remove),
  bind(keys.keysList, async () => (await keyActions()).list),
  bind(keys.keysCreate, async () => (await keyActions()).create),
  bind(keys.keysRevoke, async () => (await keyActions()).revoke),
  bind(users.usersList, async () => (await userActions()).list),
  bind(users.usersShow, async () => (await userActions()).show),
  bind(users.usersSet, async () => (await userActions()).set),
  bind(users.usersDeactivate, async () => (await userActions()).deactivate),
  bind(users.usersActivate, async () => (await userActions()).activate),
  bind(users.usersDelete, async () => (await userActions()).remove),
  bind(users.sessionsList, async () => (await userActions()).listSessions),
  bind(users.sessionsRevoke, async () => (await userActions()).revokeSessions),
  bind(settings.settingsShow, async () => (await settingActions()).show),
  bind(settings.settingsGrant, async () => (await settingActions()).grant),
  bind(usage.usageShow, async () => (await usageActions()).show),
  bind(usage.usageVerify, async () => (await usageActions()).verify),
  bind(usage.usageRecount, async () => (await usageActions()).recount),
  bind(usage.quotasSet, async () => (await usageActions()).setQuotas),
  bind(archive.archiveRun, async () => (await archiveActions()).run),
  bind(archive.archiveStatus, async () => (await archiveActions()).status),
  bind(archive.archiveVerify, async () => (await archiveActions()).verify),
  bind(archive.archiveRestore, async () => (await archiveActions()).restore),
  bind(archive.archiveExport, async () => (await archiveActions()).exportMessages),
  bind(archive.archiveHold, async () => (await archiveActions()).hold),
  bind(archive.archiveErase, async () => (await archiveActions()).erase),
  bind(care.messagingVerify, async () => (await verifyActions()).messaging),
  bind(care.mediaVerify, async () => (await verifyActions()).media),
  bind(care.indexesSync, async () => (await indexActions()).sync),
  bind(care.auditLogList, async () => (await auditActions()).list),
  bind(care.jobsQueues, async () => (await jobActions()).queues),
  bind(care.jobsList, async () => (await jobActions()).list),
  bind(care.jobsRetry, async () => (await jobActions()).retry),
  bind(care.jobsRemove, async () => (await jobActions()).remove),
  bind(care.doctor, async () => (await import('../doctor/doctor.js')).examine),
  bind(care.completion, async () => {
    const { completionScript } = await import('../framework/completion.js');
    return ({ words: { shell } }) => {
      const script = completionScript(shell, COMMANDS);
      return Promise.resolve({ data: { shell, script }, lines: [script.trimEnd()] });
    };
  }),
];
