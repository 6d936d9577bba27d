import { Injectable } from '@nestjs/common';
import { invalid, type FieldError, type Tier } from '#caas/kernel';
import type { SettingEntry } from './entries';
import type { SettingsSection } from './settings-section';

/** What a tenant has set, by section and name; only what differs from the defaults. */
export type StoredSettings = Record<string, Record<string, unknown>>;

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
  resolve(stored: StoredSettings, tier: Tier): StoredSettings {
    const all = [...this.sections.values()].map(
      (section) => [section.name, resolved(section, stored[section.name], tier)] as const,
    );
    return Object.fromEntries(all);
  }

  /** Type, limits, default and purpose of each, on this tier. */
  describe(tier: Tier): Record<string, Record<string, unknown>> {
    return this.map(({ doc, type, fallback, describe }) => ({
      type,
      ...describe(tier),
      default: fallback(tier),
      description: doc,
    }));
  }

  /**
   * The stored settings after a change. Null takes a setting, or a whole section, back to its default.
   * @throws CaasError `invalid_settings` (400), naming every field that is wrong
   */
  apply(stored: StoredSettings, changes: Record<string, unknown>, tier: Tier): StoredSettings {
    const problems: FieldError[] = [];
    const next = structuredClone(stored);
    for (const [name, change] of Object.entries(changes)) {
      const section = this.sections.get(name);
      if (!section) problems.push({ field: name, message: 'is not known here' });
      else if (change === null) delete next[name];
      else if (typeof change !== 'object' || Array.isArray(change))
        problems.push({ field: name, message: 'must be an object' });
      else next[name] = applyTo(section, next[name] ?? {}, change as Record<string, unknown>, tier, problems);
    }
    if (problems.length === 0) return next;
    const fields = problems.map(({ field }) => field).join(', ');
    throw invalid('invalid_settings', `These settings cannot be: ${fields}.`, problems);
  }

  private map<T>(of: (entry: SettingEntry<unknown>) => T): Record<string, Record<string, T>> {
    const all = [...this.sections.values()].map(({ name, entries }) => {
      const own = Object.entries(entries).map(([key, entry]) => [key, of(entry)] as const);
      return [name, Object.fromEntries(own)] as const;
    });
    return Object.fromEntries(all);
  }
}

/** The values of one section as they hold on this tier. */
export function resolved(
  { entries }: SettingsSection,
  stored: Record<string, unknown> | undefined,
  tier: Tier,
): Record<string, unknown> {
  const all = Object.entries(entries).map(([key, entry]) => {
    const own = stored?.[key];
    // What an earlier version allowed, and this one no longer understands, counts as not set.
    const isSet = own !== undefined && entry.problem(entry.onTier(own, tier), tier) === null;
    return [key, isSet ? entry.onTier(own, tier) : entry.fallback(tier)] as const;
  });
  return Object.fromEntries(all);
}

function applyTo(
  { name, entries }: SettingsSection,
  stored: Record<string, unknown>,
  changes: Record<string, unknown>,
  tier: Tier,
  problems: FieldError[],
): Record<string, unknown> {
  const next = { ...stored };
  for (const [key, value] of Object.entries(changes)) {
    const entry = Object.hasOwn(entries, key) ? entries[key] : undefined;
    const problem = !entry ? 'is not known here' : value === null ? null : entry.problem(value, tier);
    if (problem !== null) problems.push({ field: `${name}.${key}`, message: problem });
    else if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
