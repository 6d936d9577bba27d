import { MediaVerifier } from '#caas/domain/media';
import { ConversationCountsVerifier } from '#caas/domain/messages';
import type * as spec from '../commands/care';
import type { Answer, InputOf, Session } from '../framework/command';

export async function messaging(
  { options: { tenant } }: InputOf<typeof spec.messagingVerify>,
  { app, contextOf }: Session,
): Promise<Answer> {
  const found = await app.get(ConversationCountsVerifier).verify(await contextOf(tenant));
  const lines = found.drifts.map(
    ({ conversation_id, message_id, what, stored, counted }) =>
      `${conversation_id} ${message_id ?? ''} ${what}: ${JSON.stringify(stored)} instead of ${JSON.stringify(counted)}`,
  );
  const unsettled = found.unsettled > 0 ? `, ${found.unsettled} too busy to be counted` : '';
  const sum = `${found.conversations} conversations, ${found.messages} messages, drift ${found.drift}${unsettled}`;
  return { data: found, lines: [...lines, sum], failed: found.drift > 0 };
}

export async function media(
  { options: { tenant } }: InputOf<typeof spec.mediaVerify>,
  { app, contextOf }: Session,
): Promise<Answer> {
  const found = await app.get(MediaVerifier).verify(await contextOf(tenant));
  const { files, contents, references, objects, drift, missing, orphans, abandoned_references } = found;
  const lines = [
    ...found.drifts.map(({ file_id, what, stored, counted }) => `${file_id} ${what}: ${stored} instead of ${counted}`),
    ...found.missing_objects.map((key) => `missing ${key}`),
    ...found.orphan_objects.map((key) => `orphan  ${key}`),
    `${files} files, ${contents} contents, ${references} references, ${objects} objects`,
    `drift ${drift}, missing ${missing}, orphans ${orphans}, references of nothing ${abandoned_references}`,
  ];
  return { data: found, lines, failed: drift + missing > 0 };
}
