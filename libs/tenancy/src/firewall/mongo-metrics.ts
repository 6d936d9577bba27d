import { Injectable } from '@nestjs/common';
import type { Connection } from 'mongoose';
import { Gauge, Histogram } from 'prom-client';
import { LATENCY_BUCKETS, Metrics } from '#caas/platform/metrics';

/** Any other command counts as `other`: names that a future driver may send must not become labels by themselves. */
const COMMANDS = [
  'find',
  'getMore',
  'aggregate',
  'insert',
  'update',
  'delete',
  'findAndModify',
  'count',
  'distinct',
  'commitTransaction',
  'abortTransaction',
  'createIndexes',
  'listIndexes',
  'ping',
  'hello',
];

/** Called for each command of one kind of client. */
export type ObserveCommand = (command: string, outcome: 'ok' | 'failed', elapsedMs: number) => void;

/** Metrics of this process's use of MongoDB: the client for tenant data and the client of the control plane. */
@Injectable()
export class MongoMetrics {
  private readonly duration: Histogram;
  private readonly connections: Gauge;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.duration = new Histogram({
      name: 'caas_mongodb_command_duration_seconds',
      help: 'From a command to its answer, without the wait for a connection',
      labelNames: ['client', 'command', 'outcome'],
      buckets: LATENCY_BUCKETS,
      registers,
    });
    this.connections = new Gauge({
      name: 'caas_mongodb_connections',
      help: 'Connections of the pool: open, in_use; waiting: operations that wait for one',
      labelNames: ['client', 'state'],
      registers,
    });
  }

  commandsOf(client: 'tenants' | 'platform'): ObserveCommand {
    const known = new Map<string, Histogram.Internal<string>>();
    return (command, outcome, elapsedMs) => {
      const name = COMMANDS.includes(command) ? command : 'other';
      const key = `${name} ${outcome}`;
      let series = known.get(key);
      if (!series) known.set(key, (series = this.duration.labels({ client, command: name, outcome })));
      series.observe(elapsedMs / 1000);
    };
  }

  /** Call it before the client connects. */
  watchPool(client: 'tenants' | 'platform', connection: Connection): void {
    const mongo = connection.getClient();
    const add = (state: 'open' | 'in_use' | 'waiting', by: number) => this.connections.inc({ client, state }, by);
    for (const state of ['open', 'in_use', 'waiting'] as const) add(state, 0);
    mongo.on('connectionCreated', () => add('open', 1));
    mongo.on('connectionClosed', () => add('open', -1));
    mongo.on('connectionCheckOutStarted', () => add('waiting', 1));
    mongo.on('connectionCheckOutFailed', () => add('waiting', -1));
    mongo.on('connectionCheckedOut', () => {
      add('waiting', -1);
      add('in_use', 1);
    });
    mongo.on('connectionCheckedIn', () => add('in_use', -1));
  }
}
