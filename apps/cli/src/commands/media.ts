import { parseTenantId } from '#caas/kernel';
import { MediaVerifier } from '#caas/domain/media';
import { RequestContexts } from '#caas/tenancy';
import { option, UsageError, type Command } from '../command';

export const mediaCommands: Command[] = [
  {
    usage: 'media verify --tenant <id>',
    does: 'compares files, what holds them, and objects; drift or a missing object is a failure',
    run: async (app, parameters) => {
      const given = option(parameters, 'tenant');
      if (given === undefined) throw new UsageError('--tenant <id> is missing');
      const ctx = await app.get(RequestContexts).openFor(parseTenantId(given), { kind: 'system', name: 'cli' }, 'cli');
      const found = await app.get(MediaVerifier).verify(ctx);
      if (found.drift + found.missing > 0) process.exitCode = 1;
      const { files, contents, references, objects, drift, missing, orphans, abandoned_references } = found;
      const lines = [
        ...found.drifts.map(
          ({ file_id, what, stored, counted }) => `${file_id} ${what}: ${stored} instead of ${counted}`,
        ),
        ...found.missing_objects.map((key) => `missing ${key}`),
        ...found.orphan_objects.map((key) => `orphan  ${key}`),
        `${files} files, ${contents} contents, ${references} references, ${objects} objects`,
        `drift ${drift}, missing ${missing}, orphans ${orphans}, references of nothing ${abandoned_references}`,
      ];
      return { data: found, lines };
    },
  },
];
