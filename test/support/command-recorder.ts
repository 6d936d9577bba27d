/**
 * Loaded into a process of the system before all else: a recorder, independent of the tenant firewall, of what leaves for the
 * engine. At its end the process leaves a note in its data folder of what was written to sockets, what the firewall had read, and
 * what of it the embedded engine does otherwise than MongoDB.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differingIn } from '#caas/documentdb-gateway/testing';
import { TenantFirewall } from '#caas/tenancy';
import type { CommandNote } from '#caas/testing';

/** The driver asks these itself, on connections of its own, to learn what the server is. */
const HEARTBEATS = new Set(['hello', 'ismaster', 'isMaster']);

interface Wire {
  writeCommand(message: { command?: object; query?: object }, ...others: unknown[]): Promise<void>;
}

const note: CommandNote = { written: {}, read: {}, differing: [] };
const count = (counts: Record<string, number>, command: object = {}) => {
  const [name = 'unknown'] = Object.keys(command);
  if (!HEARTBEATS.has(name)) counts[name] = (counts[name] ?? 0) + 1;
};

// eslint-disable-next-line @typescript-eslint/no-require-imports -- not among the driver's public types
const { Connection } = require('mongodb/lib/cmap/connection') as { Connection: { prototype: Wire } };
const wire = Connection.prototype;
const write = Reflect.get(wire, 'writeCommand');
wire.writeCommand = function (message, ...others) {
  // The first handshake of a connection goes as an OP_QUERY.
  const command = message.command ?? message.query;
  count(note.written, command);
  for (const sign of differingIn(command ?? {})) if (!note.differing.includes(sign)) note.differing.push(sign);
  return write.call(this, message, ...others);
};

const firewall = TenantFirewall.prototype;
const inspect = Reflect.get(firewall, 'inspect');
firewall.inspect = function (database, command) {
  count(note.read, command);
  inspect.call(this, database, command);
};

process.once('exit', () => {
  writeFileSync(join(process.env['DATA_DIR']!, `commands-${process.pid}.json`), JSON.stringify(note));
});
