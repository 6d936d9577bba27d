import { redactText } from '#caas/platform/logging';
import type { doctor } from '../commands/care';
import type { Answer, InputOf } from '../framework/command';
import { operatorEnvironment, runningStack } from '../sessions/environment';
import { readConfiguration } from './configuration';
import { examineApis, examineWorkers } from './checks/apis';
import { examineDataFolder } from './checks/data-folder';
import { examineDisk } from './checks/disk';
import { examineMongo } from './checks/mongodb';
import { examineRedis } from './checks/redis';
import { examineStorage } from './checks/storage';
import { examineTools } from './checks/tools';
import { endWithin, inTime, unknown, type Finding } from './finding';

/**
 * Looks at everything at once, each within what is left of the time, and writes nothing but a probe object that it takes away
 * again. Ends with 0 when all is well, 1 when something is wrong, 2 when something could not be looked at.
 */
export async function examine({ options }: InputOf<typeof doctor>): Promise<Answer> {
  endWithin(options.within);
  const environment = operatorEnvironment();
  const { config, findings: ofConfiguration } = readConfiguration(environment);
  const stack = runningStack(config.dataDir);
  const examinations: [string, () => Promise<Finding[]>][] = [
    ['data folder', () => examineDataFolder(config, stack)],
    ['disk', () => examineDisk(config)],
    ['mongodb', () => examineMongo(config)],
    ['redis', () => examineRedis(config)],
    ['storage', () => examineStorage(config)],
    ['tools', () => examineTools(config)],
    ['api', () => examineApis(config, stack)],
    ['worker', () => examineWorkers(stack)],
  ];
  const found = await Promise.all(
    examinations.map(([what, look]) =>
      inTime(look()).catch((error: Error) => [unknown(what, `could not be looked at: ${redactText(error.message)}`)]),
    ),
  );
  return answerOf([...ofConfiguration, ...found.flat()]);
}

function answerOf(findings: Finding[]): Answer {
  const isWrong = findings.some(({ state }) => state === 'wrong');
  const isUnknown = findings.some(({ state }) => state === 'unknown');
  const width = Math.max(...findings.map(({ what }) => what.length));
  const lines = findings.flatMap(({ what, state, detail, remedy }) => [
    `${what.padEnd(width)}  ${(state === 'wrong' ? 'WRONG' : state).padEnd(7)}  ${detail}`,
    ...(remedy === null ? [] : [`${' '.repeat(width)}           → ${remedy}`]),
  ]);
  const sum = isWrong ? 'Something is wrong.' : isUnknown ? 'Not everything could be looked at.' : 'All is well.';
  return {
    data: { ok: !isWrong && !isUnknown, checks: findings },
    lines: [...lines, sum],
    failed: isWrong ? 1 : isUnknown ? 2 : 0,
  };
}
