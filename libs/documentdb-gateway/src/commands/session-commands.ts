import { serialize } from 'bson';
import { MongoError } from '../errors/mongo-error';
import { wasCommitted } from '../postgres/schema';
import { sessionKey } from '../postgres/session-key';
import type { Command, Handler } from './command';
import { documentsIn } from './fields';

/** Transactions end here, and sessions. */
export const sessionCommands: Record<string, Handler> = {
  commitTransaction: async (command) => {
    const { lsid, number } = transactionOf(command);
    const key = sessionKey(lsid);
    const wasCommittedBefore = () =>
      command.runAlone(
        (session) => wasCommitted(session, key, number),
        () => `commit ${key.lock}`,
      );
    await command.gateway.sessions.commit(lsid, number, wasCommittedBefore);
    return { ok: 1 };
  },
  abortTransaction: async (command) => {
    const { lsid, number } = transactionOf(command);
    await command.gateway.sessions.abort(lsid, number);
    return { ok: 1 };
  },
  startSession: () => Promise.reject(MongoError.of('CommandNotSupported', 'drivers make their own session ids')),
  endSessions: (command) => forget(command, 'endSessions'),
  killSessions: (command) => forget(command, 'killSessions'),
  refreshSessions: () => Promise.resolve({ ok: 1 }),
  killAllSessions: () => Promise.resolve({ ok: 1 }),
};

function transactionOf({ name, lsid, txnNumber }: Command): { lsid: string; number: bigint } {
  if (lsid !== null && txnNumber !== null) return { lsid, number: txnNumber };
  throw MongoError.of('InvalidOptions', `${name} must be run in a transaction`);
}

async function forget(command: Command, field: string): Promise<Record<string, unknown>> {
  for (const session of documentsIn(command.document, field)) {
    const lsid = Buffer.from(serialize(session)).toString('latin1');
    await command.gateway.sessions.forget(lsid);
    command.gateway.knownSessions.ended(lsid);
    command.gateway.cursors.sessionEnded(lsid, false);
  }
  return { ok: 1 };
}
