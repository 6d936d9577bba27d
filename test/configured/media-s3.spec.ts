import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStorage } from '#caas/platform/storage';
import { ownSystem } from '#caas/testing';
import { sha256, someBytes, uploadBytes, Wire } from '../support/tus';

type S3ServerClass = new (options: Record<string, unknown>) => { run(): Promise<AddressInfo>; close(): Promise<void> };

const MB = 2 ** 20;
const environment: Record<string, string> = {
  STORAGE_DRIVER: 's3',
  S3_BUCKET: 'caas',
  S3_REGION: 'us-east-1',
  S3_ACCESS_KEY_ID: 'S3RVER',
  S3_SECRET_ACCESS_KEY: 'S3RVER',
  S3_FORCE_PATH_STYLE: 'true',
};

describe('Uploads to a bucket', () => {
  let folder: string;
  let server: InstanceType<S3ServerClass>;
  const system = ownSystem({
    logLevel: 'error',
    apps: ['api'],
    environment: async () => {
      const { default: S3rver } = (await import('s3rver' as string)) as { default: S3ServerClass };
      folder = await mkdtemp(join(tmpdir(), 'caas-s3-'));
      const configureBuckets = [{ name: 'caas' }];
      server = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: folder, configureBuckets });
      environment['S3_ENDPOINT'] = `http://127.0.0.1:${(await server.run()).port}`;
      return environment;
    },
  });
  afterAll(async () => {
    await server?.close();
    await rm(folder, { recursive: true });
  });

  const storage = () => openStorage({ ...environment, S3_FORCE_PATH_STYLE: true } as never, { DATA_DIR: folder });
  const objects = async (prefix: string) => {
    const keys: string[] = [];
    for await (const { key } of storage().list(prefix)) keys.push(key);
    return keys;
  };

  it('survive cuts and the death of an api, and leave nothing but their object', async () => {
    const tenant = await system.tenant('pro');
    const anna = await tenant.user('anna');
    const bytes = someBytes(24 * MB);
    const wire = await Wire.to(tenant.urlOf(0));
    const trouble = [6, 11, 17].map((mb) => mb * MB);
    let restarted: Promise<unknown> = Promise.resolve();
    try {
      const id = await uploadBytes(anna, `${wire.url}/v1/files/uploads`, bytes, (sent) => {
        if (trouble.length === 0 || sent < trouble[0]!) return;
        trouble.shift();
        if (trouble.length !== 1) return wire.cut();
        restarted = system.endApi(0, 'SIGKILL').then(() => system.startApiAgain(0));
      });
      await restarted;
      const [key, ...others] = await objects(`media/${tenant.id}/`);
      expect([key?.endsWith(`${id}/upload`), others, await objects('growing/')]).toEqual([true, [], []]);
      const hash = createHash('sha256');
      for await (const part of (await storage().get(key!))!.body as AsyncIterable<Buffer>) hash.update(part);
      expect(hash.digest('hex')).toBe(sha256(bytes));
    } finally {
      wire.close();
    }
  });
});
