import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize, ObjectId } from 'bson';
import { Clock, type Placement, type RequestContext, type Tenant, type UserReference } from '#caas/kernel';
import {
  Archiver,
  ARCHIVE_COLLECTIONS,
  ArchiveFaults,
  ArchiveHolds,
  ArchiveKeys,
  ArchiveLeases,
  ArchiveMetrics,
  ArchivePolicy,
  ArchiveVerifier,
  BlockCache,
  BlockCodec,
  BlockReader,
  ColdArchive,
  Collector,
  Eraser,
  Expirer,
  Exporter,
  HeldSegments,
  Pruner,
  Restorer,
  Sealer,
  SegmentObjects,
  type ArchiveStep,
} from '#caas/domain/archive';
import {
  ArchivedMarks,
  ArchivedPresenter,
  ArchiveNumbers,
  conversations,
  ErasedMessages,
  HotMessages,
  MESSAGING_COLLECTIONS,
  MessageReader,
  messages,
  messageVersions,
  pollVotes,
  reactions,
  ThreadRoots,
  type Message,
} from '#caas/domain/messaging';
import { FileHolders, FileReferences, MEDIA_COLLECTIONS } from '#caas/domain/media';
import { USER_COLLECTIONS, users } from '#caas/domain/users';
import { readSection } from '#caas/platform/config';
import { Metrics } from '#caas/platform/metrics';
import { openStorage, storageConfig, type ObjectStorage } from '#caas/platform/storage';
import { TenancyHarness } from '#caas/testing';

/** Long enough for a read on a busy machine, short enough to wait for twice. */
const TRUST_MS = 250;
const MONTH_MS = 30 * 24 * 60 * 60_000;

export class SkewedClock extends Clock {
  constructor(public skewMs = 0) {
    super();
  }
  override now = (): Date => new Date(Date.now() + this.skewMs);
}

export class Faults extends ArchiveFaults {
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
    ...MESSAGING_COLLECTIONS,
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

  /** As another process has them. */
  readers(storage: ObjectStorage = this.storage) {
    const objects = this.objects(storage);
    const log = { of: () => ({ error: () => undefined }) } as never;
    const cold = new ColdArchive(new BlockReader(new BlockCache(objects, this.metrics, this.config)), log);
    const numbers = new ArchiveNumbers(cold, { ARCHIVE_TRUST: TRUST_MS });
    return { cold, reader: new MessageReader(cold, numbers, new ArchivedPresenter()) };
  }

  /** An archiver as one process has it, with what belongs to it. */
  worker({
    faults = new Faults(),
    clock = new SkewedClock(),
    storage = this.storage,
  }: { faults?: ArchiveFaults; clock?: Clock; storage?: ObjectStorage } = {}) {
    const hot = new HotMessages();
    const leases = new ArchiveLeases(clock);
    const holds = new ArchiveHolds(clock);
    const objects = this.objects(storage);
    const codec = this.codec;
    const trust = { ARCHIVE_TRUST: TRUST_MS };
    const sealer = new Sealer(hot, codec, objects, leases, holds, clock, faults, this.metrics);
    const pruner = new Pruner(hot, leases, holds, faults, this.metrics);
    const restorer = new Restorer(hot, objects, leases, holds, clock, faults);
    const erased = this.erased(storage);
    const held = new HeldSegments(holds, objects);
    const collector = new Collector(storage, objects, hot, erased, trust);
    return {
      archiver: new Archiver(hot, policy, leases, holds, sealer, pruner, restorer, clock, trust),
      verifier: new ArchiveVerifier(objects, hot, clock),
      eraser: new Eraser(held, leases, objects, codec, hot, erased, collector, clock),
      expirer: new Expirer(policy, held, leases, hot, erased, clock),
      exporter: new Exporter(objects),
      restorer,
      collector,
      holds,
    };
  }

  private erased(storage: ObjectStorage): ErasedMessages {
    const { reader } = this.readers(storage);
    const threads = new ThreadRoots(reader, new ArchivedMarks(reader));
    return new ErasedMessages(reader, threads, new FileReferences(), new FileHolders());
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

export async function aUser(ctx: RequestContext, name: string): Promise<UserReference> {
  const external_id = `${name}-${new ObjectId().toHexString()}`;
  const { _id } = await ctx.repository(users).insertOne({
    external_id,
    display_name: name,
    name_key: name.toLowerCase(),
    avatar_file_id: null,
    metadata: {},
    status: 'active',
    last_seen_at: null,
    renamed_at: null,
    quiet_updates: 0,
  });
  return { user_id: _id, user_external_id: external_id, user_display_name: name };
}

export interface Room {
  id: ObjectId;
  anna: UserReference;
  ben: UserReference;
  messages: Message[];
}

/** A conversation over some months, with everything that a message can have. */
export async function aRoom(ctx: RequestContext, count: number, months = 3): Promise<Room> {
  const [anna, ben] = [await aUser(ctx, 'Anna'), await aUser(ctx, 'Ben')];
  const id = new ObjectId();
  const begin = Date.now() - months * MONTH_MS;
  const ids = Array.from({ length: count }, () => new ObjectId());
  const poll = {
    question: 'More?',
    options: [
      { id: 'a'.repeat(24), text: 'yes', vote_count: 1 },
      { id: 'b'.repeat(24), text: 'no', vote_count: 0 },
    ],
    multiple: false,
    anonymous: false,
    closes_at: null,
    closed_at: null,
    voter_count: 1,
  };
  const rows = ids.map((_id, at) => ({
    _id,
    conversation_id: id,
    created_at: new Date(begin + (at * months * MONTH_MS) / count),
    seq: at + 1,
    rev: at + 1,
    created_rev: at + 1,
    client_message_id: `m${at}`,
    request_hash: `h${at}`,
    sender: at % 2 === 0 ? anna : ben,
    type: at % 10 === 4 ? ('poll' as const) : ('text' as const),
    text: `message ${at} ✓ ${'lorem ipsum '.repeat(at % 7)}`,
    attachments: [],
    reply_to_id: null,
    thread_root_id: at % 10 === 7 ? ids[0]! : null,
    reply_count: at === 0 ? ids.filter((_, n) => n % 10 === 7).length : 0,
    last_repliers: at === 0 ? [ben] : [],
    forwarded_from: null,
    mentions: at % 10 === 3 ? [anna] : [],
    metadata: at % 10 === 5 ? { deep: { list: [1, 2.5, -0, null, true, 'x'], when: 'now' } } : null,
    encrypted: null,
    reaction_counts: (at % 10 === 2 ? { '👍': 1 } : {}) as Record<string, number>,
    poll: at % 10 === 4 ? poll : null,
    pinned_at: at % 10 === 6 ? new Date() : null,
    edited_at: at % 10 === 1 ? new Date() : null,
  }));
  await ctx.repository(conversations).insertOne({
    _id: id,
    type: 'group',
    pair_key: null,
    name: 'Room',
    group_id: null,
    metadata: {},
    history: 'all',
    settings_version: 0,
    created_by_id: anna.user_id,
    people: [anna],
    member_count: 2,
    last_seq: count,
    rev: count,
    sent_seqs: {},
    last_message: null,
    last_activity_at: new Date(),
    archive_version: null,
    archived_seq: null,
    resync_rev: null,
  });
  await ctx.repository(messages).insertMany(rows);
  const of = (digit: number) => ids.filter((_, at) => at % 10 === digit);
  await ctx.repository(reactions).insertMany(of(2).map((message_id) => ({ message_id, user: anna, emoji: '👍' })));
  await ctx
    .repository(pollVotes)
    .insertMany(of(4).map((message_id) => ({ message_id, user: anna, option_ids: ['a'.repeat(24)] })));
  await ctx.repository(messageVersions).insertMany(
    of(1).map((message_id) => ({
      message_id,
      replaced_rev: 1,
      text: 'before',
      mentions: [],
      metadata: null,
      encrypted: null,
      written_at: new Date(),
    })),
  );
  return { id, anna, ben, messages: await hotMessages(ctx, id) };
}

export const hotMessages = (ctx: RequestContext, conversation_id: ObjectId): Promise<Message[]> =>
  ctx.repository(messages).find({ conversation_id }, { sort: { seq: 1 }, withDeleted: true });

export const bytesOf = (documents: object[]): string[] =>
  documents.map((document) => Buffer.from(serialize(document)).toString('base64'));
