import { parseTenantId } from '#caas/kernel';
import { ConversationsVerifier } from '#caas/domain/messaging';
import { RequestContexts } from '#caas/tenancy';
import { option, UsageError, type Command } from '../command';

export const messagingCommands: Command[] = [
  {
    usage: 'messaging verify --tenant <id>',
    does: 'counts everything that messaging keeps count of anew; any drift is a failure',
    run: async (app, parameters) => {
      const given = option(parameters, 'tenant');
      if (given === undefined) throw new UsageError('--tenant <id> is missing');
      const ctx = await app.get(RequestContexts).openFor(parseTenantId(given), { kind: 'system', name: 'cli' }, 'cli');
      const found = await app.get(ConversationsVerifier).verify(ctx);
      if (found.drift > 0) process.exitCode = 1;
      const lines = found.drifts.map(
        ({ conversation_id, message_id, what, stored, counted }) =>
          `${conversation_id} ${message_id ?? ''} ${what}: ${JSON.stringify(stored)} instead of ${JSON.stringify(counted)}`,
      );
      const unsettled = found.unsettled > 0 ? `, ${found.unsettled} too busy to be counted` : '';
      const sum = `${found.conversations} conversations, ${found.messages} messages, drift ${found.drift}${unsettled}`;
      return { data: found, lines: [...lines, sum] };
    },
  },
];
