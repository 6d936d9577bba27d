import { Injectable } from '@nestjs/common';
import { invalid, type FieldError, type Tier } from '#caas/kernel';
import type { SettingEntry } from './entries';
import type { SettingsSection } from './settings-section';

/** By section and name; only what differs from the defaults. */
export type StoredSettings = Record<string, Record<string, unknown>>;

/** What was set for a tenant. */
export interface SetSettings {
  /** By the tenant itself. */
  values: StoredSettings;
  /** By an operator. */
  granted: StoredSettings;
}

type ProblemOf = (entry: SettingEntry<unknown>, value: unknown) => string | null;

const UNKNOWN = 'is not known here';
/** More than a person reads. */
const MAX_PROBLEMS = 20;
const MAX_NAME = 64;

/** Every setting there is in this process. Each library registers its own when it starts. */
@Injectable()
export class SettingsRegistry {
  private readonly sections = new Map<string, SettingsSection>();

  /** @throws Error when the name is taken */
  register(section: SettingsSection): void {
    if (this.sections.has(section.name)) throw new Error(`Two sections of settings are named "${section.name}".`);
    this.sections.set(section.name, section);
  }

  /** All values as they hold on this tier. */
  resolve(set: SetSettings, tier: Tier): StoredSettings {
    const all = [...this.sections.values()].map((section) => [section.name, resolved(section, set, tier)] as const);
    return Object.fromEntries(all);
  }

  /** Type, limits, default and purpose of each, on this tier and with what was granted. */
  describe(tier: Tier, granted: StoredSettings = {}): Record<string, Record<string, unknown>> {
    const all = [...this.sections.values()].map((section) => {
      const own = Object.keys(section.entries).map((key) => {
        const { doc, type, fallback, describe } = entryOf(section, key, granted)!;
        return [key, { type, ...describe(tier), default: fallback(tier), description: doc }] as const;
      });
      return [section.name, Object.fromEntries(own)] as const;
    });
    return Object.fromEntries(all);
  }

  /**
   * The tenant's settings after a change by the tenant. Null restores the default of a setting or of a whole section.
   * @throws CaasError `invalid_settings` (400), naming the fields that are wrong, 20 at most
   */
  apply({ values, granted }: SetSettings, changes: Record<string, unknown>, tier: Tier): StoredSettings {
    return this.change(values, changes, granted, (entry, value) => entry.problem(value, tier));
  }

  /**
   * The grants after a change by an operator. Null removes a grant, or all grants of a section.
   * @throws CaasError `invalid_settings` (400), naming the fields that are wrong, 20 at most
   */
  grant(granted: StoredSettings, changes: Record<string, unknown>): StoredSettings {
    const problemOf: ProblemOf = ({ grants }, value) => (grants ? grants.problem(value) : 'is not granted');
    return this.change(granted, changes, {}, problemOf);
  }

  private change(
    stored: StoredSettings,
    changes: Record<string, unknown>,
    granted: StoredSettings,
    problemOf: ProblemOf,
  ): StoredSettings {
    const problems: FieldError[] = [];
    const next = structuredClone(stored);
    for (const [name, change] of Object.entries(changes)) {
      if (problems.length >= MAX_PROBLEMS) break;
      const section = this.sections.get(name);
      if (!section) problems.push({ field: name.slice(0, MAX_NAME), message: UNKNOWN });
      else if (change === null) delete next[name];
      else if (typeof change !== 'object' || Array.isArray(change))
        problems.push({ field: name, message: 'must be an object' });
      else
        next[name] = changed(
          section,
          next[name] ?? {},
          change as Record<string, unknown>,
          granted,
          problemOf,
          problems,
        );
    }
    if (problems.length === 0) return next;
    const fields = problems.map(({ field }) => field).join(', ');
    throw invalid('invalid_settings', `These settings cannot be: ${fields}.`, problems);
  }
}

/** The values of one section as they hold on this tier. */
export function resolved(
  section: SettingsSection,
  { values, granted }: SetSettings,
  tier: Tier,
): Record<string, unknown> {
  const stored = values[section.name];
  const all = Object.keys(section.entries).map((key) => {
    const entry = entryOf(section, key, granted)!;
    const own = stored?.[key];
    // A stored value that this version no longer accepts counts as not set.
    const isSet = own !== undefined && entry.problem(entry.onTier(own, tier), tier) === null;
    return [key, isSet ? entry.onTier(own, tier) : entry.fallback(tier)] as const;
  });
  return Object.fromEntries(all);
}

/** `section.name` of each that a change names. */
export const namesIn = (changes: Record<string, unknown>): string[] =>
  Object.entries(changes).flatMap(([section, values]) =>
    values === null ? [section] : Object.keys(values as object).map((name) => `${section}.${name}`),
  );

/** A setting as it is for a tenant that was granted something; undefined for one that is not known. */
function entryOf({ name, entries }: SettingsSection, key: string, granted: StoredSettings) {
  const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
  const value = granted[name]?.[key];
  if (!entry?.grants || value === undefined || entry.grants.problem(value) !== null) return entry;
  return entry.grants.granted(value);
}

function changed(
  section: SettingsSection,
  stored: Record<string, unknown>,
  changes: Record<string, unknown>,
  granted: StoredSettings,
  problemOf: ProblemOf,
  problems: FieldError[],
): Record<string, unknown> {
  const next = { ...stored };
  for (const [key, value] of Object.entries(changes)) {
    if (problems.length >= MAX_PROBLEMS) break;
    const entry = entryOf(section, key, granted);
    const field = `${section.name}.${key.slice(0, MAX_NAME)}`;
    const problem = !entry ? UNKNOWN : value === null ? null : problemOf(entry, value);
    if (problem !== null) problems.push({ field, message: problem });
    else if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
