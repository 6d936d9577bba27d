import type { Account } from './account';

/** For tenants' data, and answered well or not: `…_count{client="tenants",command="find",outcome="ok"} 12`. */
const COUNT = /^caas_mongodb_command_duration_seconds_count\{client="tenants",command="(\w+)",outcome="\w+"\} (\d+)$/gm;

/**
 * Commands that an api has sent to the engine since it began, by name.
 *
 * @throws Error when the api does not show its metrics to this key
 */
export async function engineCommands(url: string, platformKey: string): Promise<Account> {
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${platformKey}` } });
  if (!answer.ok) throw new Error(`/metrics was answered ${answer.status}`);
  return commandsIn(await answer.text());
}

/** @param metrics in Prometheus' text format */
export function commandsIn(metrics: string): Account {
  const counts: Record<string, number> = {};
  for (const [, command, count] of metrics.matchAll(COUNT)) counts[command!] = (counts[command!] ?? 0) + Number(count);
  return counts;
}
