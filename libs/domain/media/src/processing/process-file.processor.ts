import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ObjectId } from 'bson';
import { join } from 'node:path';
import { processFile, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, type ReportProgress, type TenantJobHandler } from '#caas/platform/queue';
import { covers } from '../limits/ceilings';
import { MediaPolicies } from '../limits/policies';
import { files, type MediaMetadata, type StoredFile } from '../persistence';
import { ContentRepository, type Digest } from './contents/content-repository';
import { FileClaims } from './contents/file-claims';
import { FileOutcomes } from './contents/file-outcomes';
import { Objects } from './contents/objects';
import { FileNotifier } from './file-notifier';
import { refuseLonger } from './processors/probe';
import { agreeWith, sniff, type Sniffed } from './processors/sniff';
import type { ProcessedMedia } from './processed-media';
import { MediaProcessors } from './media-processors';
import { failed, FileRefused, RetryLater, rejected } from './outcomes';
import { TempFolder } from './temp-folder';
import { reached } from './steps';
import { MalwareScanner } from './tools/malware-scanner';
import type { ProcessingInput } from './processing-input';

const MOST_STRIKES = 3;

/** Turns uploaded bytes into variants. Every step may be repeated from the start. */
@Injectable()
@Handles(processFile)
export class ProcessFileProcessor implements TenantJobHandler<typeof processFile>, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();

  constructor(
    private readonly claims: FileClaims,
    private readonly contents: ContentRepository,
    private readonly ends: FileOutcomes,
    private readonly objects: Objects,
    private readonly scratch: TempFolder,
    private readonly policies: MediaPolicies,
    private readonly scanner: MalwareScanner,
    private readonly makers: MediaProcessors,
    private readonly notifier: FileNotifier,
    private readonly log: Log,
  ) {}

  /** Aborts a transcode, so that another worker takes the file at once and no strike is counted. */
  beforeApplicationShutdown(): void {
    this.stopping.abort(new RetryLater('the worker is stopping'));
  }

  /** @throws RetryLater, or the error of the attempt: the queue retries, and the outbox after it */
  async handle(
    ctx: RequestContext,
    { file_id }: JobPayload<typeof processFile>,
    report: ReportProgress,
  ): Promise<void> {
    const id = new ObjectId(file_id);
    const file = await this.claims.take(ctx, id);
    if (!file) return this.tidy(ctx, id);
    reached('claimed', file_id);
    try {
      if (file.strikes! > MOST_STRIKES) throw gaveUp();
      this.notifier.tell(ctx, file, null);
      const work = (signal: AbortSignal) => this.scratch.during((at) => this.process(ctx, file, at, signal, report));
      await this.claims.holding(ctx, file, this.stopping.signal, work);
    } catch (error) {
      await this.broken(ctx, file, error);
    }
    await this.tidy(ctx, id);
  }

  private async process(
    ctx: RequestContext,
    file: StoredFile,
    folders: { in: string; out: string },
    signal: AbortSignal,
    report: ReportProgress,
  ): Promise<void> {
    const input = join(folders.in, 'input');
    const digest = await this.objects.fetch(ctx, file, input, signal);
    reached('fetched', file._id.toHexString());
    const policy = await this.policies.of(ctx);
    const refuseUnless = (type: string) => {
      if (covers(policy.allowedTypes, type)) return;
      throw rejected('type_not_allowed', `Files of the type ${type} are not allowed here.`);
    };
    const shared = await this.contents.ready(ctx, digest);
    if (shared) {
      agreeWith(file.declared_type, shared);
      refuseUnless(shared.content_type);
      refuseLonger(shared.duration_ms ?? 0, policy.maxDurationSeconds);
      if (await this.ends.share(ctx, file, shared)) return reached('committed', file._id.toHexString());
      throw new RetryLater('the content or the file is gone');
    }
    const sniffed = await sniff(input);
    agreeWith(file.declared_type, sniffed);
    refuseUnless(sniffed.content_type);
    await this.scanner.scan(input, signal);
    const media = await this.claimContent(ctx, file, digest, sniffed);
    const tell = this.notifier.progressOf(ctx, file, media);
    const progress = (percent: number) => {
      report(percent);
      tell(percent);
    };
    const { maxDurationSeconds } = policy;
    const { sizeBytes } = digest;
    const work: ProcessingInput = { input, output: folders.out, sizeBytes, maxDurationSeconds, signal, progress };
    const made = await this.make(work, sniffed);
    reached('made', file._id.toHexString());
    refuseUnless(made.content_type);
    await this.keep(ctx, file, media, made, signal);
    report(100);
  }

  private async claimContent(ctx: RequestContext, file: StoredFile, digest: Digest, sniffed: Sniffed) {
    const { media, abandoned } = await this.contents.claim(ctx, file, digest, sniffed);
    if (abandoned !== null) await this.objects.removePrefix(abandoned);
    reached('content claimed', file._id.toHexString());
    return media;
  }

  private async make(work: ProcessingInput, sniffed: Sniffed): Promise<ProcessedMedia> {
    try {
      return await this.makers.make(work, sniffed);
    } catch (error) {
      work.signal.throwIfAborted();
      if (error instanceof FileRefused || error instanceof RetryLater) throw error;
      throw new AttemptFailed('working the file up failed', { cause: error });
    }
  }

  private async keep(
    ctx: RequestContext,
    file: StoredFile,
    media: MediaMetadata,
    made: ProcessedMedia,
    signal: AbortSignal,
  ) {
    const variants = await this.objects.write(media, file, made.variants, signal);
    if (file.attempts! > 1) await this.objects.removeOthers(media, variants);
    reached('variants written', file._id.toHexString());
    if (!(await this.ends.ready(ctx, file, media, made, variants))) throw new RetryLater('the file is no longer ours');
    reached('committed', file._id.toHexString());
  }

  /** Ends the file if the error is the file's fault; otherwise releases it and throws. */
  private async broken(ctx: RequestContext, file: StoredFile, error: unknown): Promise<void> {
    const isStruck = error instanceof AttemptFailed;
    if (isStruck) this.log.of(ctx).error({ file_id: file._id.toHexString(), err: error.cause }, error.message);
    const end = isStruck && file.strikes! >= MOST_STRIKES ? gaveUp() : error;
    if (end instanceof FileRefused) {
      this.log.of(ctx).info({ file_id: file._id.toHexString(), status: end.status, code: end.code }, 'file refused');
      await this.ends.refuse(ctx, file, end);
      return;
    }
    const released = await this.claims.release(ctx, file, isStruck);
    if (released) this.notifier.tell(ctx, released, null);
    else if (!(await ctx.repository(files).findById(file._id))) return this.objects.removeAll(ctx, file);
    throw error;
  }

  /** Deletes what a finished file no longer needs: the upload of a ready file, all objects of a refused one. */
  private async tidy(ctx: RequestContext, id: ObjectId): Promise<void> {
    const file = await ctx.repository(files).findById(id, { withDeleted: true });
    if (file?.status === 'ready') await this.objects.removeUpload(ctx, file);
    if (file?.status === 'rejected' || file?.status === 'failed') await this.objects.removeAll(ctx, file);
    if (file) reached('upload deleted', id.toHexString());
  }
}

/** An error that may be the file's fault; after three of them, the file fails. */
class AttemptFailed extends Error {}

const gaveUp = () => failed('processing_failed', `Working the file up failed ${MOST_STRIKES} times.`);
