import { createServer, type Server } from 'node:net';
import { ScramVerifier, type Credential } from './auth/scram';
import { ClientConnection } from './connection';
import { CursorStore } from './cursors/cursor-store';
import { ClusterClock } from './commands/cluster-time';
import { FailPoints } from './commands/fail-points';
import type { Command } from './commands/command';
import { InsertBatcher } from './commands/insert-batcher';
import { KnownSessions } from './sessions/known-sessions';
import { OperationCounters } from './commands/operation-counters';
import { Database, type PoolLimits } from './postgres/database';
import { forgetExpiredWrites, installSchema } from './postgres/schema';
import type { PostgresAddress } from './postgres/session';
import { Clients } from './sessions/clients';
import { SessionStore } from './sessions/session-store';
import { LockWaits } from './waiting/lock-waits';

export interface GatewayOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  postgres: PostgresAddress;
  pool: PoolLimits;
  /** With it, clients must log in by SCRAM-SHA-256. */
  credential?: Credential;
  /** Serves `configureFailPoint`. Never where others' data is. */
  testCommands?: boolean;
  maxConnections?: number;
}

/** Drivers retry at once; a session that wrote nothing for this long has expired on its side too. */
const REMEMBER_WRITES_MS = 60 * 60_000;
const FORGET_EVERY_MS = 10 * 60_000;
/** Of the commands' sessions: what those have that try again for a lock. */
const SHARE_THAT_WAITS = 1 / 4;
const DRAIN_MS = 1_000;
const DRAIN_STEP_MS = 10;

/** A MongoDB-wire server in front of DocumentDB. `start` resolves with the port once the engine has answered. */
export class DocumentDbGateway {
  private readonly database: Database;
  /** By the id of the connection. */
  private readonly clients = new Map<number, ClientConnection>();
  private readonly sessions: SessionStore;
  private readonly cursors: CursorStore;
  private readonly lockWaits: LockWaits;
  private housekeeping: NodeJS.Timeout | undefined;
  private server: Server | null = null;
  private nextConnectionId = 1;

  constructor(private readonly options: GatewayOptions) {
    this.database = new Database(options.postgres, options.pool);
    this.cursors = new CursorStore(this.database);
    this.lockWaits = new LockWaits(Math.max(1, Math.floor(options.pool.commands * SHARE_THAT_WAITS)));
    this.sessions = new SessionStore(this.database, (lsid) => {
      this.cursors.sessionEnded(lsid, true);
      this.lockWaits.released();
    });
  }

  async start(): Promise<number> {
    await this.database.use(installSchema);
    const { host, port, credential, maxConnections = 5_000 } = this.options;
    const verifier = credential ? new ScramVerifier(credential) : null;
    const server = createServer({ noDelay: true });
    server.maxConnections = maxConnections;
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
    const bound = (server.address() as { port: number }).port;
    const gateway = {
      database: this.database,
      sessions: this.sessions,
      insertBatcher: new InsertBatcher(this.database),
      cursors: this.cursors,
      lockWaits: this.lockWaits,
      clients: new Clients(),
      clock: new ClusterClock(),
      counters: new OperationCounters(),
      failPoints: this.options.testCommands ? new FailPoints() : null,
      startedAt: Date.now(),
      atWork: new Set<Command>(),
      knownSessions: new KnownSessions(),
      connectionCount: () => this.clients.size,
      address: `${host}:${bound}`,
    };
    server.on('connection', (socket) => {
      const id = this.nextConnectionId++;
      this.clients.set(id, new ClientConnection(gateway, socket, id, verifier));
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.clients.delete(id);
        this.sessions.connectionClosed(id);
        this.cursors.connectionClosed(id);
        const gone = new Set(gateway.clients.closed(id));
        this.sessions.clientGone(gone);
        this.cursors.clientGone(gone);
        gateway.failPoints?.connectionClosed(id);
      });
    });
    this.server = server;
    this.housekeeping = setInterval(() => void this.forgetExpired(), FORGET_EVERY_MS);
    this.housekeeping.unref();
    return bound;
  }

  /** Takes no more clients, lets the commands at work finish for a moment, and closes everything. */
  async stop(): Promise<void> {
    this.server?.close();
    clearInterval(this.housekeeping);
    for (const deadline = Date.now() + DRAIN_MS; Date.now() < deadline;) {
      if (![...this.clients.values()].some(({ busy }) => busy)) break;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_STEP_MS));
    }
    for (const client of this.clients.values()) client.end();
    this.cursors.close();
    await this.sessions.close();
    this.database.close();
  }

  private async forgetExpired(): Promise<void> {
    await this.database.use((session) => forgetExpiredWrites(session, REMEMBER_WRITES_MS)).catch(() => undefined);
  }
}
