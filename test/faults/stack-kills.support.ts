import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { Caller, mapConcurrent, waitFor } from '#caas/testing';
import type { Supervisor } from './stack.support';

const SENDERS = 8;
const UNDER_WAY = 40;
const PREPARED_AT_ONCE = 2;
const PAGE = 100;

interface Customer {
  key: string;
  path: string;
  /** `client_message_id` of what was answered with 201. */
  acknowledged: Set<string>;
}

/** Tenants with collections of their own, each with a conversation in which somebody writes. */
export class StackLoad {
  private constructor(private readonly customers: Customer[]) {}

  static async prepare(running: Supervisor, tenants: number): Promise<StackLoad> {
    const url = running.stack.api_urls[0]!;
    const platformKey = readFileSync(running.stack.platform_key_file!, 'utf8').trim();
    const platform = new Caller(url, platformKey);
    const customers = await mapConcurrent(
      PREPARED_AT_ONCE,
      Array.from({ length: tenants }, (_, at) => at),
      async (at) => {
        const made = await platform.post('/platform/v1/tenants', { name: `Customer ${at}`, tier: 'pro' });
        if (made.status !== 201) throw new Error(`no tenant: ${JSON.stringify(made.body)}`);
        const key = made.body.server_key.key as string;
        const server = new Caller(url, key);
        for (const user of ['anna', 'ben']) await server.call('PUT', `/v1/users/${user}`, {});
        const as = new Caller(url, key, { 'x-acting-user': 'anna' });
        const opened = await as.post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
        return { key, path: `/v1/conversations/${opened.body.id}/messages`, acknowledged: new Set<string>() };
      },
    );
    return new StackLoad(customers);
  }

  /** Sends at all of them in turn until it is stopped. What is not answered was not acknowledged, and may be there or not. */
  run(running: Supervisor): { underWay(): Promise<void>; stop(): Promise<void> } {
    const url = running.stack.api_urls[0]!;
    let isOn = true;
    let acknowledged = 0;
    const sender = async (from: number) => {
      for (let at = from; isOn; at += 1) {
        const customer = this.customers[at % this.customers.length]!;
        const client_message_id = randomUUID();
        const as = new Caller(url, customer.key, { 'x-acting-user': 'anna' });
        const answer = await as.post(customer.path, { client_message_id, text: 'x'.repeat(200) }).catch(() => null);
        if (answer?.status !== 201) continue;
        customer.acknowledged.add(client_message_id);
        acknowledged += 1;
      }
    };
    const senders = Array.from({ length: SENDERS }, (_, at) => sender(at));
    return {
      underWay: () => waitFor('sends', 30_000, () => acknowledged >= UNDER_WAY).then(() => undefined),
      stop: async () => {
        isOn = false;
        await Promise.all(senders);
      },
    };
  }

  /** What was acknowledged and is not there. */
  async missing(running: Supervisor): Promise<string[]> {
    const url = running.stack.api_urls[0]!;
    const lost = await mapConcurrent(SENDERS, this.customers, async ({ key, path, acknowledged }) => {
      const as = new Caller(url, key, { 'x-acting-user': 'anna' });
      const there = new Set<string>();
      for (let cursor = ''; ;) {
        const { status, body } = await as.get(`${path}?limit=${PAGE}${cursor && `&cursor=${cursor}`}`);
        if (status !== 200) throw new Error(JSON.stringify(body));
        for (const { client_message_id } of body.data as { client_message_id: string }[]) there.add(client_message_id);
        if (body.page.next_cursor === null) break;
        cursor = body.page.next_cursor as string;
      }
      return [...acknowledged].filter((id) => !there.has(id));
    });
    return lost.flat();
  }
}

/** Asks PostgreSQL for a checkpoint, and does not wait for it. */
export async function beginCheckpoint(running: Supervisor, dataDir: string): Promise<void> {
  const ports = JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8')) as { postgres: number };
  const password = readFileSync(join(dataDir, 'postgres-password'), 'utf8').trim();
  const client = new Client({
    host: '127.0.0.1',
    port: ports.postgres,
    user: 'postgres',
    database: 'postgres',
    password,
  });
  client.on('error', () => undefined);
  await client.connect();
  client.query('checkpoint').catch(() => undefined);
  // It has reached the server, and is under way.
  await waitFor('the checkpoint', 5_000, async () => running.isRunning);
}
