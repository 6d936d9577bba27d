import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSection } from '#caas/platform/config';
import { itIsObjectStorage } from './object-storage.contract';
import { S3Storage } from './s3-storage';
import { storageConfig } from './storage.config';
import { openStorage } from './storage.module';

interface S3Server {
  run(): Promise<AddressInfo>;
  close(): Promise<void>;
  httpServer?: Server;
}
type S3ServerClass = new (options: Record<string, unknown>) => S3Server;

describe('a bucket', () => {
  let folder: string;
  let server: S3Server;
  let storage: S3Storage;
  let environment: Record<string, string>;

  beforeAll(async () => {
    const { default: S3rver } = (await import('s3rver' as string)) as { default: S3ServerClass };
    folder = mkdtempSync(join(tmpdir(), 'caas-s3-'));
    server = new S3rver({
      port: 0,
      address: '127.0.0.1',
      silent: true,
      directory: folder,
      configureBuckets: [{ name: 'caas' }],
    });
    const { port } = await server.run();
    environment = {
      STORAGE_DRIVER: 's3',
      S3_BUCKET: 'caas',
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      S3_FORCE_PATH_STYLE: 'true',
    };
    storage = openStorage(readSection(storageConfig, environment), { DATA_DIR: folder }) as S3Storage;
  });
  afterAll(async () => {
    storage.close();
    await server.close();
    rmSync(folder, { recursive: true });
  });

  itIsObjectStorage(() => storage);

  it('must exist', async () => {
    const other = openStorage(readSection(storageConfig, { ...environment, S3_BUCKET: 'other' }), { DATA_DIR: folder });
    await expect(other.ping()).rejects.toThrow();
    (other as S3Storage).close();
  });

  it('must be named in the configuration', () => {
    expect(() => readSection(storageConfig, { STORAGE_DRIVER: 's3', S3_ACCESS_KEY_ID: 'a' })).toThrow(
      /S3_BUCKET is not set.*\n.*S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY/,
    );
  });
});
