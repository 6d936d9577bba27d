import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ObjectId } from 'bson';
import type { RequestContext, Tenant } from '#caas/kernel';
import {
  FileCollector,
  FileRemoval,
  MediaPolicies,
  MediaUsage,
  UploadsService,
  fileReferences,
  MEDIA_COLLECTIONS,
  OrphanObjects,
} from '#caas/domain/media/testing';
import { FileOwnersRegistry, FileReferences, files, mediaMetadata, MediaVerifier } from '#caas/domain/media';
import { openStorage, type ObjectStorage } from '#caas/platform/storage';
import { TenancyHarness } from '#caas/testing/tenancy';
import { makeReady, prefixOf, storedFile } from '../../support/stored-files';

const DAY_MS = 24 * 60 * 60_000;
const CONFIG = { FILES_UNUSED_FOR: DAY_MS, FILES_CLAIMED_FOR: 60 * 60_000, FILES_ORPHANED_FOR: 0 };
const longAgo = () => new Date(Date.now() - 2 * DAY_MS);

/** What a killed process does not do any more. */
class Killed extends Error {}

describe.each(['shared', 'prefixed', 'dedicated'] as const)('Collecting files on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let tenant: Tenant;
  let ctx: RequestContext;
  let folder: string;
  let storage: ObjectStorage;
  /** Jobs that were recorded in the transaction of a removal. */
  const recorded: string[] = [];
  const outbox = {
    record: (_ctx: RequestContext, { name }: { name: string }, { file_id }: { file_id: string }) => {
      recorded.push(`${name} ${file_id}`);
      return Promise.resolve();
    },
  };
  const references = new FileReferences();
  const holders = new FileOwnersRegistry();
  const present = new Set<string>();
  holders.register('message', (_ctx, ids) => Promise.resolve(ids.filter((id) => present.has(id.toHexString()))));

  const policies = new MediaPolicies(null as never);
  const usage = new MediaUsage({ consider: () => undefined } as never);
  const removalOn = (objects: ObjectStorage) => new FileRemoval(objects, outbox as never, usage);
  const collectorOn = (objects: ObjectStorage) => {
    const uploads = new UploadsService(objects, outbox as never, policies, usage, null);
    return new FileCollector(removalOn(objects), references, holders, uploads, CONFIG);
  };
  const orphans = () => new OrphanObjects(storage, CONFIG);
  const verified = () => new MediaVerifier(storage, holders, orphans()).verify(ctx);
  const sweep = async () => {
    const walk = orphans().walk(ctx);
    for (let removed = 0; ;) {
      const step = await orphans().sweep(ctx, walk);
      removed += step.removed;
      if (step.done) return removed;
    }
  };
  const claim = (holder: ObjectId, id: ObjectId) =>
    ctx.transaction((tx) => references.claim(tx, { kind: 'message', id: holder }, [id]));
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of storage.list(`media/${tenant.id}/`)) found.push(key);
    return found.sort();
  };
  const whole = async (more: Parameters<typeof storedFile>[2] = {}) => {
    const file = await storedFile(ctx, null, more);
    await storage.put(`${prefixOf(ctx, file._id)}/upload`, Buffer.from('0123456789'));
    return file;
  };

  beforeAll(async () => {
    harness = new TenancyHarness(MEDIA_COLLECTIONS);
    tenant = await harness.tenant(placement);
    ctx = harness.context(tenant);
    folder = await mkdtemp(join(tmpdir(), 'caas-media-'));
    storage = openStorage({ STORAGE_DRIVER: 'fs' } as never, { DATA_DIR: folder });
  });
  afterAll(async () => {
    await harness.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    for (const collection of [files, mediaMetadata, fileReferences]) {
      await ctx.repository(collection as typeof files).deleteMany({});
    }
    await storage.deleteFolder(`media/${tenant.id}/`);
    recorded.length = 0;
    present.clear();
  });

  it('ends uploads whose time is over, and no others', async () => {
    const [late, early] = [
      await whole({ status: 'uploading', unreferenced_at: null, upload_expires_at: longAgo() }),
      await whole({ status: 'uploading', unreferenced_at: null, upload_expires_at: new Date(Date.now() + DAY_MS) }),
    ];
    expect(await collectorOn(storage).collect(ctx)).toEqual({ uploads: 1, unused: 0, deleted: 0 });
    expect(await ctx.repository(files).findById(late!._id)).toBeNull();
    expect(await keys()).toEqual([`${prefixOf(ctx, early!._id)}/upload`]);
  });

  it('frees what nothing has held for a day; not what is held, nor what was let go just now', async () => {
    const [unused, held, fresh] = [
      await whole({ unreferenced_at: longAgo() }),
      await whole({ unreferenced_at: longAgo() }),
      await whole(),
    ];
    const message = new ObjectId();
    await claim(message, held!._id);
    expect(await collectorOn(storage).collect(ctx)).toMatchObject({ unused: 1 });
    expect(await ctx.repository(files).findById(unused!._id)).toBeNull();
    expect(await keys()).toEqual([held!, fresh!].map(({ _id }) => `${prefixOf(ctx, _id)}/upload`).sort());
    await ctx.transaction((tx) => references.release(tx, { kind: 'message', id: message }));
    expect(await ctx.repository(files).findById(held!._id)).toMatchObject({ reference_count: 0 });
    expect(await collectorOn(storage).collect(ctx)).toMatchObject({ unused: 0 });
    expect(await verified()).toMatchObject({ files: 2, drift: 0, missing: 0, orphans: 0 });
  });

  it('keeps a content as long as one of its files is there, though the file that brought it is gone', async () => {
    const [first, second] = [await whole({ unreferenced_at: longAgo() }), await storedFile(ctx, null)];
    const prefix = prefixOf(ctx, first!._id);
    await storage.put(`${prefix}/original`, Buffer.from('0123456789'));
    await storage.delete(`${prefix}/upload`);
    await makeReady(ctx, [first!._id, second!._id]);
    await collectorOn(storage).collect(ctx);
    expect(await ctx.repository(files).findById(first!._id)).toBeNull();
    expect(await keys()).toEqual([`${prefix}/original`]);
    expect(await sweep()).toBe(0);
    expect(await verified()).toMatchObject({ files: 1, contents: 1, drift: 0, missing: 0, orphans: 0 });
    await ctx.repository(files).updateOne({ _id: second!._id }, { $set: { unreferenced_at: longAgo() } });
    await collectorOn(storage).collect(ctx);
    expect(await keys()).toEqual([]);
    expect(await verified()).toMatchObject({ files: 0, contents: 0, objects: 0 });
  });

  it('removes the content with the last of its files, when all of them go at once', async () => {
    const some = [];
    for (let at = 0; at < 6; at += 1) some.push(await storedFile(ctx, null, { unreferenced_at: longAgo() }));
    await makeReady(
      ctx,
      some.map(({ _id }) => _id),
    );
    await storage.put(`${prefixOf(ctx, some[0]!._id)}/original`, Buffer.from('0123456789'));
    await Promise.all([1, 2, 3].map(() => collectorOn(storage).collect(ctx)));
    expect(await verified()).toMatchObject({ files: 0, contents: 0, objects: 0 });
  });

  it('removes what its owner deleted, also what messages hold: they are told to follow', async () => {
    const file = await whole({ deleted_at: new Date() } as never);
    await ctx.repository(files).updateOne({ _id: file._id }, { $set: { deleted_at: null } }, { withDeleted: true });
    await claim(new ObjectId(), file._id);
    await ctx.transaction((tx) => references.claim(tx, { kind: 'avatar', id: new ObjectId() }, [file._id]));
    await ctx.repository(files).softDelete({ _id: file._id });
    expect(await collectorOn(storage).collect(ctx)).toMatchObject({ deleted: 1 });
    expect(await keys()).toEqual([]);
    expect(recorded).toEqual([`refresh-attachments ${file._id.toHexString()}`]);
    expect(await ctx.repository(fileReferences).find({})).toMatchObject([{ holder_kind: 'message' }]);
  });

  it('lets go what is held for a message that never came, after an hour', async () => {
    const [file, old, fresh, sent] = [await whole(), new ObjectId(), new ObjectId(), new ObjectId()];
    for (const holder of [old, fresh, sent]) await claim(holder, file._id);
    present.add(sent.toHexString());
    const hours = { $set: { created_at: longAgo() } };
    await ctx.repository(fileReferences).updateMany({ holder_id: { $in: [old, sent] } }, hours);
    expect(await verified()).toMatchObject({ references: 3, abandoned_references: 2, drift: 0 });
    expect(await collectorOn(storage).releaseAbandoned(ctx, null)).toBeNull();
    const left = await ctx.repository(fileReferences).find({});
    expect(left.map(({ holder_id }) => holder_id.toHexString()).sort()).toEqual(
      [fresh, sent].map((id) => id.toHexString()).sort(),
    );
    expect(await ctx.repository(files).findById(file._id)).toMatchObject({ reference_count: 2 });
    expect(await verified()).toMatchObject({ drift: 0 });
  });

  it('killed between rows and objects, leaves objects that the walk over all of them finds', async () => {
    const file = await whole({ unreferenced_at: longAgo() });
    const dying = Object.create(storage) as ObjectStorage;
    dying.deleteFolder = () => Promise.reject(new Killed());
    await expect(collectorOn(dying).collect(ctx)).rejects.toThrow(Killed);
    expect(await ctx.repository(files).findById(file._id)).toBeNull();
    expect(await verified()).toMatchObject({ files: 0, objects: 1, orphans: 1, drift: 0, missing: 0 });
    expect(await sweep()).toBe(1);
    expect(await keys()).toEqual([]);
  });

  it('killed inside the transaction, has done nothing', async () => {
    const file = await whole({ unreferenced_at: longAgo() });
    await makeReady(ctx, [file._id]);
    const dying = Object.create(ctx) as RequestContext;
    dying.transaction = (work) =>
      ctx.transaction(async (tx) => {
        await work(tx);
        throw new Killed();
      });
    await expect(collectorOn(storage).collect(dying)).rejects.toThrow(Killed);
    expect(await ctx.repository(files).count({})).toBe(1);
    expect(await ctx.repository(mediaMetadata).count({})).toBe(1);
    expect(await keys()).toHaveLength(1);
    expect(await collectorOn(storage).collect(ctx)).toMatchObject({ unused: 1 });
    expect(await keys()).toEqual([]);
  });

  it('removes the uploaded bytes that were left when what is served was made, and nothing of that', async () => {
    const file = await whole();
    const content = await makeReady(ctx, [file._id], { status: 'processing' });
    await storage.put(`${prefixOf(ctx, file._id)}/original`, Buffer.from('0123456789'));
    expect(await sweep()).toBe(0);
    await ctx.repository(mediaMetadata).updateOne({ _id: content._id }, { $set: { status: 'ready' } });
    expect(await sweep()).toBe(1);
    expect(await keys()).toEqual([`${prefixOf(ctx, file._id)}/original`]);
  });

  it('leaves alone what is young, what waits for its processing, and what it does not know', async () => {
    const file = await whole({ status: 'processing' });
    await storage.put(`media/${tenant.id}/readme`, Buffer.from('x'));
    await storage.put(`${prefixOf(ctx, new ObjectId())}/upload`, Buffer.from('x'));
    const patient = new OrphanObjects(storage, { ...CONFIG, FILES_ORPHANED_FOR: DAY_MS });
    expect(await patient.sweep(ctx, patient.walk(ctx))).toEqual({ removed: 0, done: true });
    expect(await sweep()).toBe(1);
    expect(await keys()).toEqual([`${prefixOf(ctx, file._id)}/upload`, `media/${tenant.id}/readme`].sort());
  });

  it('of claiming and collecting the same file one wins, and nothing holds a file that is gone', async () => {
    const removal = removalOn(storage);
    let claimed = 0;
    for (let round = 0; round < 40; round += 1) {
      const file = await storedFile(ctx, null, { unreferenced_at: longAgo() });
      const race = [
        () => removal.remove(ctx, file._id, { reference_count: 0, unreferenced_at: { $lte: new Date() } }),
        () =>
          claim(new ObjectId(), file._id).then(
            () => true,
            (error: unknown) => {
              expect(error).toMatchObject({ name: 'CaasError', code: 'invalid_file' });
              return false;
            },
          ),
      ];
      const first = round % 2;
      const outcomes = await Promise.all([race[first]!(), race[1 - first]!()]);
      const won = outcomes[1 - first]!;
      expect(outcomes[first]).toBe(!won);
      claimed += won ? 1 : 0;
      expect(await ctx.repository(files).count({ _id: file._id })).toBe(won ? 1 : 0);
      expect(await ctx.repository(fileReferences).count({ file_id: file._id })).toBe(won ? 1 : 0);
    }
    expect(await verified()).toMatchObject({ files: claimed, references: claimed, drift: 0 });
  });

  it('finds every wrong number, dangling reference and missing object', async () => {
    const file = await whole();
    await claim(new ObjectId(), file._id);
    await makeReady(ctx, [file._id]);
    await ctx.repository(files).updateOne({ _id: file._id }, { $inc: { reference_count: 1 } });
    await ctx
      .repository(fileReferences)
      .insertOne({ file_id: new ObjectId(), holder_kind: 'post', holder_id: new ObjectId(), conversation_id: null });
    const found = await verified();
    expect(found).toMatchObject({ drift: 2, missing: 1, missing_objects: [`${prefixOf(ctx, file._id)}/original`] });
    expect(found.drifts).toMatchObject([{ what: 'reference_count', stored: 2, counted: 1 }, { what: 'file' }]);
  });
});
