import type { SettingEntry } from './entries';

type Entries = Record<string, SettingEntry<unknown>>;

/** The settings of one library, as they are grouped in the JSON that clients see. */
export interface SettingsSection<E extends Entries = Entries> {
  /** A snake_case word, the key of the group. */
  readonly name: string;
  readonly entries: E;
}

export type SettingsOf<S> =
  S extends SettingsSection<infer E>
    ? { readonly [K in keyof E]: E[K] extends SettingEntry<infer T> ? T : never }
    : never;

/** The names of its switches. */
export type FlagOf<S> =
  S extends SettingsSection<infer E>
    ? { [K in keyof E & string]: E[K] extends SettingEntry<boolean> ? K : never }[keyof E & string]
    : never;

export const settingsSection = <E extends Entries>(name: string, entries: E): SettingsSection<E> => ({ name, entries });
