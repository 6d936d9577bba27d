import { Preconditions } from '#caas/kernel';
import { GrantsService } from '#caas/domain/settings';
import type { Answer, InputOf, Session } from '../framework/command';
import { UsageError } from '../framework/errors';
import type * as spec from '../commands/settings';

type Sections = Record<string, Record<string, unknown>>;

export async function show(
  { options: { tenant } }: InputOf<typeof spec.settingsShow>,
  { app, operator }: Session,
): Promise<Answer> {
  const { granted, values } = await app.get(GrantsService).get(operator, tenant);
  return { data: { granted, values }, lines: linesOf(values as Sections, granted as Sections) };
}

export async function grant(
  { words: { name, value }, options: { tenant } }: InputOf<typeof spec.settingsGrant>,
  { app, operator }: Session,
): Promise<Answer> {
  const [section, setting, ...more] = name.split('.');
  if (!section || !setting || more.length > 0) {
    throw new UsageError(`<section.name> is two words with a dot, such as limits.sends_per_minute, not "${name}".`);
  }
  const changes = { [section]: { [setting]: valueOf(value) } };
  const { granted, values } = await app.get(GrantsService).change(operator, tenant, changes, Preconditions.NONE);
  const now = { [section]: { [setting]: (values as Sections)[section]?.[setting] } };
  return { data: { granted, values }, lines: [`of ${tenant}:`, ...linesOf(now, granted as Sections)] };
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`<value> is JSON, such as 500, true, "text" or null, not ${text}`);
  }
}

const linesOf = (values: Sections, granted: Sections): string[] =>
  Object.entries(values).flatMap(([section, settings]) =>
    Object.entries(settings).map(([name, value]) => {
      const mark = granted[section] && name in granted[section] ? '  (granted)' : '';
      return `${`${section}.${name}`.padEnd(40)} ${JSON.stringify(value)}${mark}`;
    }),
  );
