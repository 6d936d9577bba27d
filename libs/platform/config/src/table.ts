import type { ConfigSection } from './config-section';

/** The sections as a Markdown table, for the README. */
export function configurationTable(sections: readonly ConfigSection[]): string {
  const rows = sections.flatMap((section) =>
    Object.entries(section.entries).map(
      ([name, { doc, fallbackText }]) =>
        `| \`${name}\` | ${fallbackText === '' ? '' : `\`${fallbackText}\``} | ${doc.replaceAll('|', '\\|')} |`,
    ),
  );
  return ['| variable | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
