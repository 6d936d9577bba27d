import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Clock, type Placement, type RequestContext, type Tenant } from '#caas/kernel';
import {
  Archiver,
  ArchiveHolds,
  ArchiveVerifier,
  ColdArchive,
  GarbageCollector,
  Eraser,
  RetentionEnforcer,
  Exporter,
  Restorer,
} from '#caas/domain/archive';
import {
  ARCHIVE_COLLECTIONS,
  Checkpoints,
  ArchiveKeys,
  ArchiveLeases,
  ArchiveMetrics,
  ArchivePolicy,
  BlockCache,
  BlockCodec,
  BlockReader,
  SegmentHolds,
  SegmentRewriter,
  Pruner,
  SegmentWriter,
  SegmentObjects,
  type ArchiveStep,
} from '#caas/domain/archive/testing';
import {
  ArchivedMessageState,
  ArchivedMessageMapper,
  MESSAGE_COLLECTIONS,
  TenantArchives,
  ThreadRoots,
} from '#caas/domain/messages/testing';
import { ErasedMessages, ArchivableMessages, MessageReader, StoredMessagesReader } from '#caas/domain/messages';
import { ArchiveVersionCache, ConversationFolds } from '#caas/domain/conversations';
import { CONVERSATION_COLLECTIONS } from '#caas/domain/conversations/testing';
import { FileOwnersRegistry, FileReferences } from '#caas/domain/media';
import { MEDIA_COLLECTIONS } from '#caas/domain/media/testing';
import { USER_COLLECTIONS } from '#caas/domain/users/testing';
import { readSection } from '#caas/platform/config';
import { Metrics } from '#caas/platform/metrics';
import { openStorage, storageConfig, type ObjectStorage } from '#caas/platform/storage';
import { patient } from '#caas/testing';
import { TenancyHarness } from '#caas/testing/tenancy';

export * from './room.support';

/** Longer than a read on a busy machine; every run of an archiver waits for it twice. */
const TRUST_MS = patient(80);

export class SkewedClock extends Clock {
  constructor(public skewMs = 0) {
    super();
  }
  override now = (): Date => new Date(Date.now() + this.skewMs);
}

export class Faults extends Checkpoints {
  readonly seen: ArchiveStep[] = [];
  constructor(private readonly on: (step: ArchiveStep) => Promise<void> | void = () => undefined) {
    super();
  }
  override at(step: ArchiveStep): Promise<void> | void {
    this.seen.push(step);
    return this.on(step);
  }
}

const rules = { afterDays: 0, retentionDays: null as number | null };
const policy: ArchivePolicy = { of: () => Promise.resolve(rules) };

/** Everything of the archive, put together by hand on a real engine and a folder. */
export class ArchiveBench {
  private readonly folder = mkdtempSync(join(tmpdir(), 'caas-archive-'));
  readonly harness = new TenancyHarness([
    ...CONVERSATION_COLLECTIONS,
    ...MESSAGE_COLLECTIONS,
    ...ARCHIVE_COLLECTIONS,
    ...USER_COLLECTIONS,
    ...MEDIA_COLLECTIONS,
  ]);
  readonly storage = openStorage(readSection(storageConfig, {}), { DATA_DIR: this.folder });
  readonly prometheus = new Metrics();
  private readonly metrics = new ArchiveMetrics(this.prometheus);
  readonly rules = rules;
  readonly reader: MessageReader;
  readonly cold: ColdArchive;

  constructor(private readonly masterKey: string | null = null) {
    const { cold, reader } = this.readers();
    this.cold = cold;
    this.reader = reader;
  }

  /** Nobody sends here: what is folded is read from the rows. */
  private readonly folds = new ConversationFolds(
    new StoredMessagesReader(),
    { mark: () => null } as never,
    undefined as never,
  );

  /** As another process has them. */
  readers(storage: ObjectStorage = this.storage) {
    const objects = this.objects(storage);
    const log = { of: () => ({ error: () => undefined }) } as never;
    const cold = new ColdArchive(new BlockReader(new BlockCache(objects, this.metrics, this.config)), log);
    const numbers = new ArchiveVersionCache({ ARCHIVE_TRUST: TRUST_MS });
    return {
      cold,
      reader: new MessageReader(cold, numbers, new TenantArchives(cold, numbers), new ArchivedMessageMapper()),
    };
  }

  /** An archiver as one process has it, with what belongs to it. */
  worker({
    faults = new Faults(),
    clock = new SkewedClock(),
    storage = this.storage,
  }: { faults?: Checkpoints; clock?: Clock; storage?: ObjectStorage } = {}) {
    const hot = new ArchivableMessages(this.folds);
    const leases = new ArchiveLeases(clock);
    const holds = new ArchiveHolds(clock);
    const objects = this.objects(storage);
    const codec = this.codec;
    const trust = { ARCHIVE_TRUST: TRUST_MS };
    const sealer = new SegmentWriter(hot, codec, objects, leases, holds, clock, faults, this.metrics);
    const pruner = new Pruner(hot, leases, holds, faults, this.metrics);
    const restorer = new Restorer(hot, objects, leases, holds, clock, faults);
    const erased = this.erased(storage);
    const held = new SegmentHolds(holds, objects);
    const rewriter = new SegmentRewriter(leases, objects, codec);
    const collector = new GarbageCollector(storage, objects, hot, erased, trust);
    return {
      archiver: new Archiver(hot, policy, leases, holds, sealer, pruner, restorer, clock, trust),
      verifier: new ArchiveVerifier(objects, hot, clock),
      eraser: new Eraser(held, leases, rewriter, hot, erased, collector, clock),
      expirer: new RetentionEnforcer(policy, holds, held, rewriter, leases, hot, erased, clock),
      exporter: new Exporter(objects, hot),
      restorer,
      collector,
      holds,
    };
  }

  private erased(storage: ObjectStorage): ErasedMessages {
    const { reader } = this.readers(storage);
    const threads = new ThreadRoots(reader, new ArchivedMessageState(reader));
    return new ErasedMessages(reader, threads, new FileReferences(), new FileOwnersRegistry(), this.folds);
  }

  tenant = (placement: Placement): Promise<Tenant> => this.harness.tenant(placement);
  context = (tenant: Tenant): RequestContext => this.harness.context(tenant);

  async close(): Promise<void> {
    await this.harness.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private get codec(): BlockCodec {
    return new BlockCodec(new ArchiveKeys(this.config));
  }

  private objects = (storage: ObjectStorage) => new SegmentObjects(storage, this.codec);

  private get config() {
    return {
      ARCHIVE_AFTER_DAYS: 0,
      ARCHIVE_RETENTION_DAYS: 0,
      ARCHIVE_MASTER_KEY: this.masterKey,
      ARCHIVE_MASTER_KEY_PREVIOUS: null,
      ARCHIVE_CACHE_MB: 16,
    };
  }
}
