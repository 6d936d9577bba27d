import type { Document, MongoClientOptions } from 'mongodb';
import type { ObserveCommand } from './mongo-metrics';
import type { TenantFirewall } from './tenant-firewall';

/* The driver's connection class is not part of its public types; it is the one place every command passes. */
interface DriverConnection {
  command(namespace: { db: string }, command: Document, options?: Document, responseType?: unknown): Promise<unknown>;
}
type DriverConnectionClass = new (...parameters: never[]) => DriverConnection;

// eslint-disable-next-line @typescript-eslint/no-require-imports -- see above
const { Connection } = require('mongodb/lib/cmap/connection') as { Connection: DriverConnectionClass };

/**
 * Driver options that put `firewall` in front of every connection of a client. The driver takes the class of its connections as
 * the option `connectionType`. Our class checks a command before it is encoded, so a refused command never reaches the socket.
 * @param observe is called for each command that was sent
 */
export function firewallOptions(
  firewall: TenantFirewall,
  observe: ObserveCommand = () => undefined,
): MongoClientOptions {
  class GuardedConnection extends Connection {
    override async command(namespace: { db: string }, command: Document, options?: Document, responseType?: unknown) {
      firewall.inspect(namespace.db, command);
      const startedAtMs = performance.now();
      const ended = (outcome: 'ok' | 'failed') => observe(nameOf(command), outcome, performance.now() - startedAtMs);
      let reply: unknown;
      try {
        reply = await super.command(namespace, command, options, responseType);
      } catch (error) {
        ended('failed');
        throw error;
      }
      ended('ok');
      if (opensCursor(command)) firewall.observeReply(command, cursorIdOf(reply));
      return reply;
    }
  }
  return { connectionType: GuardedConnection } as MongoClientOptions;
}

/** The first key of a command is its name. */
function nameOf(command: Document): string {
  for (const name in command) return name;
  return '';
}

function opensCursor(command: Document): boolean {
  return command.find !== undefined || command.aggregate !== undefined || command.getMore !== undefined;
}

/** The id of a cursor that stays open, or null. Replies come as the driver's lazy `CursorResponse` or as plain documents. */
function cursorIdOf(reply: unknown): string | null {
  const { id, cursor } = reply as { id?: unknown; cursor?: unknown };
  const value = id ?? (cursor as { id?: unknown } | undefined)?.id;
  const text = value === undefined || value === null ? '0' : String(value);
  return text === '0' ? null : text;
}
