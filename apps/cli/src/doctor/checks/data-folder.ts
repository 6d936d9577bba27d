import { access, constants, readdir, stat } from 'node:fs/promises';
import type { RunningStack } from '../../sessions/environment';
import type { Configuration } from '../configuration';
import { ok, warning, wrong, type Finding } from '../finding';

const WHAT = 'data folder';

/** Is it there, ours, and closed to others? An empty or missing one is right before the first start only. */
export async function examineDataFolder(
  { dataDir, isMongoGiven }: Configuration,
  stack: RunningStack | null,
): Promise<Finding[]> {
  const folder = await stat(dataDir).catch(() => null);
  const needsIt = stack !== null || !isMongoGiven;
  if (!folder) {
    const remedy =
      'If CaaS has run here before, DATA_DIR names another folder: correct it. It is made on the first start.';
    return [needsIt ? wrong(WHAT, `${dataDir} is not there`, remedy) : ok(WHAT, `${dataDir} is not there yet`)];
  }
  if (!folder.isDirectory()) return [wrong(WHAT, `${dataDir} is no folder`, 'Name a folder in DATA_DIR.')];
  const isOurs = await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!isOurs)
    return [wrong(WHAT, `${dataDir} cannot be read and written by this user`, 'Run as the user it belongs to.')];
  const entries = await readdir(dataDir);
  const isKnown = entries.some((name) => ['platform-admin-key', 'secrets-key', 'storage', 'ports.json'].includes(name));
  if (needsIt && !isKnown) {
    return [
      wrong(
        WHAT,
        `${dataDir} holds nothing of CaaS`,
        'If CaaS has run here before, DATA_DIR names another folder: correct it. Otherwise start CaaS once.',
      ),
    ];
  }
  if ((folder.mode & 0o077) !== 0) {
    return [warning(WHAT, `${dataDir} can be read by other users of this machine`, `chmod 700 ${dataDir}`)];
  }
  return [ok(WHAT, stack ? `${dataDir}, a stack runs on it` : dataDir)];
}
