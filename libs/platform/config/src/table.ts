import type { ConfigSection } from './config-section';

/** The sections as a Markdown table, for the README. */
export function configurationTable(sections: readonly ConfigSection<never>[]): string {
  const rows = sections.flatMap((section) =>
    Object.entries((section as unknown as ConfigSection).entries).map(
      ([name, { doc, fallbackText }]) =>
        `| \`${name}\` | ${fallbackText === '' ? '' : `\`${fallbackText}\``} | ${doc} |`,
    ),
  );
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
