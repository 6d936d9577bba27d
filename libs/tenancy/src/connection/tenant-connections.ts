import { Inject, Injectable, Optional, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import mongoose, { type Connection } from 'mongoose';
import type { Tenant } from '#caas/kernel';
import { firewallOptions } from '../firewall/guarded-connection';
import type { TenantFirewall } from '../firewall/tenant-firewall';
import { placementOf } from '../placements/placement';
import { TENANCY_OPTIONS, type TenancyOptions } from '../tenancy.options';
import { CALL_LIMITS } from './call-limits';
import { MongoMetrics, type ObserveCommand } from '../firewall/mongo-metrics';
import { TenantHandle } from './tenant-handle';

const SELECTION_MS = 5_000;
/** The operator who creates a tenant waits for this; a reachable cluster is found in far less. */
const PROBE_SELECTION_MS = 3_000;
/** Longer, since a `mongodb+srv` name takes as long as the DNS resolver does. */
const PROBE_MS = 6_000;
/** A dedicated client whose handle left the cache is closed after this time, when its last operation has ended. */
const CLIENT_GRACE_MS = 60_000;

/**
 * All connections of this process to tenant data. One client serves the platform's cluster; a dedicated tenant with a
 * `database_uri` has a client of its own. Handles live in a capped LRU cache, so that memory does not grow with the number of
 * tenants. A handle leaves the cache before it is disposed, so no caller gets a handle that is being disposed.
 */
@Injectable()
export class TenantConnections implements OnApplicationShutdown {
  readonly firewall: TenantFirewall;
  private readonly handles: LRUCache<string, TenantHandle>;
  private readonly cluster: Connection;
  private readonly closing = new Set<NodeJS.Timeout>();

  private readonly observe: ObserveCommand | undefined;

  constructor(
    @Inject(TENANCY_OPTIONS) private readonly options: TenancyOptions,
    @Optional() @Inject(MongoMetrics) metrics: MongoMetrics | null = null,
  ) {
    this.firewall = options.firewall;
    this.observe = metrics?.commandsOf('tenants');
    this.cluster = this.connect(options.mongodbUri);
    metrics?.watchPool('tenants', this.cluster);
    this.handles = new LRUCache({
      max: options.maxHandles,
      dispose: (handle, _key, reason) => reason !== 'set' && handle.retire(),
    });
  }

  /** Resolves when the platform's cluster answers. */
  async ready(): Promise<void> {
    await this.cluster.asPromise();
  }

  /** @throws when the cluster does not answer; for health checks */
  async ping(): Promise<void> {
    await this.cluster.getClient().db('admin').command({ ping: 1 });
  }

  /** Connects as a tenant with this `database_uri` would, and disconnects. @throws what the driver throws, within some seconds */
  async probe(uri: string): Promise<void> {
    const connection = this.connect(uri, undefined, PROBE_SELECTION_MS);
    const deadline = rejectAfter(PROBE_MS);
    try {
      const ping = connection.asPromise().then(() => connection.getClient().db('admin').command({ ping: 1 }));
      await Promise.race([ping, deadline.rejects]);
    } finally {
      deadline.clear();
      await connection.destroy().catch(() => undefined);
    }
  }

  handleOf(tenant: Tenant): TenantHandle {
    const key = placementOf(tenant).handleKey(tenant);
    const known = this.handles.get(key);
    if (known) return known;
    const handle = this.openHandle(tenant);
    this.handles.set(key, handle);
    return handle;
  }

  /** Drops the handle of a tenant that was removed or moved. */
  forget(tenant: Tenant): void {
    if (tenant.placement !== 'shared') this.handles.delete(placementOf(tenant).handleKey(tenant));
  }

  get openHandles(): number {
    return this.handles.size;
  }

  async onApplicationShutdown(): Promise<void> {
    for (const timer of this.closing) clearTimeout(timer);
    this.handles.clear();
    for (const timer of this.closing) clearTimeout(timer);
    await Promise.all(mongoose.connections.filter((each) => this.owned.has(each)).map((each) => each.close()));
  }

  /** Weak, so that a connection that mongoose has released is not kept in memory. */
  private readonly owned = new WeakSet<Connection>();

  private openHandle(tenant: Tenant): TenantHandle {
    const database = placementOf(tenant).database(tenant);
    if (tenant.databaseUri !== null) {
      const own = this.connect(tenant.databaseUri, database);
      return new TenantHandle(own, () => this.closeLater(own));
    }
    const connection =
      tenant.placement === 'dedicated'
        ? this.cluster.useDb(database)
        : this.cluster.useDb(database, { useCache: true });
    if (tenant.placement === 'dedicated') return new TenantHandle(connection, () => this.detach(connection));
    return new TenantHandle(connection, (models) => models.forEach((model) => connection.deleteModel(model)));
  }

  private connect(uri: string, dbName?: string, serverSelectionTimeoutMS = SELECTION_MS): Connection {
    const connection = mongoose.createConnection(uri, {
      ...(dbName ? { dbName } : {}),
      ...firewallOptions(this.firewall, this.observe),
      maxPoolSize: this.options.maxPoolSize,
      serverSelectionTimeoutMS,
      // Lets the database distinguish the processes of one machine.
      appName: `caas-${process.pid}`,
      ...CALL_LIMITS,
      // Data that was read survives a failover, so a number that a caller has seen is not assigned twice.
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
    });
    connection.asPromise().catch(() => undefined);
    this.owned.add(connection);
    return connection;
  }

  /** mongoose keeps a reference from the parent to every `useDb` connection; a handle that left the cache must be released from it. */
  private detach(connection: Connection): void {
    const parent = this.cluster as unknown as { otherDbs: Connection[] };
    parent.otherDbs = parent.otherDbs.filter((other) => other !== connection);
  }

  private closeLater(connection: Connection): void {
    const timer = setTimeout(() => {
      this.closing.delete(timer);
      void connection.destroy();
    }, CLIENT_GRACE_MS);
    timer.unref();
    this.closing.add(timer);
  }
}

function rejectAfter(timeoutMs: number): { rejects: Promise<never>; clear: () => void } {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  return { rejects: promise, clear: () => clearTimeout(timer) };
}
