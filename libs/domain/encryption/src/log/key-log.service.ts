import { Injectable } from '@nestjs/common';
import type { ObjectId } from 'bson';
import {
  cutPage,
  DuplicateKeyError,
  invalid,
  parseObjectId,
  type Filter,
  type PageRequest,
  type RequestContext,
} from '#caas/kernel';
import { UsersService } from '#caas/domain/users';
import { keyLog, keyLogHeads, type KeyLogEntry, type KeyLogHead } from '../persistence/key-log.schema';
import { leafOf } from './leaf';
import {
  chainHash,
  consistencyRanges,
  entryOf,
  grown,
  hashOfRange,
  inclusionRanges,
  leafHash,
  nodesOf,
  rootOf,
  type HashOf,
  type Node,
  type Range,
} from './merkle';

export type LogFact = Pick<KeyLogEntry, 'action' | 'user_id' | 'device_id' | 'signal_device_id' | 'identity_key'>;

/** The end of the log. Hashes are base64. */
export interface LogHead {
  size: number;
  root_hash: string;
  chain_hash: string;
}

export interface LogPage {
  head: LogHead;
  entries: { entry: KeyLogEntry; inclusionProof: string[] }[];
  page: ReturnType<typeof cutPage>['page'];
}

const NOTHING_YET = Buffer.alloc(32).toString('base64');

/**
 * A tenant's key log: which identity key each device had, and since when. Entries are only appended. Each entry's chain hash covers all
 * entries before it. A Merkle tree over the entries lets a client verify one entry, or that no entry was rewritten, without reading the
 * whole log. Any user of the tenant may read it.
 */
@Injectable()
export class KeyLogService {
  constructor(private readonly users: UsersService) {}

  /** Call it before the transaction of `append`: without it, two concurrent first entries would conflict on the head row. */
  async prepare(ctx: RequestContext): Promise<void> {
    const heads = ctx.repository(keyLogHeads);
    if (await heads.findOne({}, { fields: ['size'] })) return;
    try {
      await heads.insertOne({ size: 0, peaks: [], chain_hash: NOTHING_YET });
    } catch (error) {
      if (!(error instanceof DuplicateKeyError)) throw error;
    }
  }

  /**
   * Call it inside the transaction of the change. Of two concurrent transactions, one is retried.
   * @returns the index of the first entry
   */
  async append(tx: RequestContext, facts: LogFact[]): Promise<number> {
    const heads = tx.repository(keyLogHeads);
    const head = (await heads.findOne({}))!;
    let { size, chain_hash } = head;
    let peaks = head.peaks.map(fromBase64);
    const entries = facts.map((fact) => {
      const entry = { ...fact, index: size, at: new Date() };
      const leaf = leafHash(leafOf(entry));
      const growth = grown(size, peaks, leaf);
      chain_hash = chainHash(fromBase64(chain_hash), leaf).toString('base64');
      peaks = growth.peaks;
      size += 1;
      return { ...entry, nodes: growth.nodes.map(toBase64), chain_hash };
    });
    const moved = await heads.updateOne(
      { _id: head._id, size: head.size },
      { $set: { size, peaks: peaks.map(toBase64), chain_hash } },
    );
    if (moved.matched !== 1) throw new Error('The end of the key log moved inside a transaction');
    await tx.repository(keyLog).insertMany(entries);
    return head.size;
  }

  /** The last identity key of a device with this name; null when it never had one. */
  async lastIdentityOf(ctx: RequestContext, userId: ObjectId, deviceId: string): Promise<string | null> {
    const filter = { user_id: userId, device_id: deviceId, identity_key: { $ne: null } };
    return (await ctx.repository(keyLog).findOne(filter, { sort: { index: -1 } }))?.identity_key ?? null;
  }

  async head(ctx: RequestContext): Promise<LogHead> {
    return headOf(await ctx.repository(keyLogHeads).findOne({}));
  }

  /**
   * A page in the order of the log, each entry with the proof that it is in the tree of `head`. The cursor is an entry's id.
   * @param pathId limits the page to one user; null for all
   * @throws CaasError `invalid_cursor` (400), `user_not_found` (404)
   */
  async page(ctx: RequestContext, pathId: string | null, request: PageRequest): Promise<LogPage> {
    const user = pathId === null ? null : await this.users.get(ctx, pathId);
    // Read the head first, so that entries appended after it can be left out.
    const head = await this.head(ctx);
    const log = ctx.repository(keyLog);
    const filter: Filter<KeyLogEntry> = user ? { user_id: user._id } : {};
    const isBackward = request.direction === 'backward';
    const bounds: Record<string, number>[] = [{ $lt: head.size }];
    if (request.cursor !== null) {
      const { index } = await this.entryOfCursor(ctx, request.cursor);
      bounds.push(isBackward ? { $lt: index } : { $gt: index });
    }
    const rows = await log.find(
      { ...filter, $and: bounds.map((index) => ({ index })) },
      { sort: { index: isBackward ? -1 : 1 }, limit: request.limit + 1 },
    );
    const { data, page } = cutPage(rows, request, ({ _id }) => _id.toHexString());
    const proofs = await this.prove(
      ctx,
      data.map(({ index }) => inclusionRanges(index, head.size)),
    );
    return { head, page, entries: data.map((entry, at) => ({ entry, inclusionProof: proofs[at]! })) };
  }

  /**
   * Proves that the entry `index` is in the tree of the first `size` entries.
   * @param size null for the whole log
   * @throws CaasError `invalid_proof_range` (400)
   */
  async inclusion(ctx: RequestContext, index: number, size: number | null) {
    const tree = await this.treeOf(ctx, size);
    if (index >= tree.size) throw outOfRange('index', `must be below ${tree.size}, the size of the tree`);
    const [[proof], [row]] = await Promise.all([
      this.prove(ctx, [inclusionRanges(index, tree.size)]),
      ctx.repository(keyLog).find({ index }, { limit: 1 }),
    ]);
    return { index, leaf_hash: row!.nodes[0]!, ...tree, proof: proof! };
  }

  /**
   * Proves that the tree of the first `first` entries is a prefix of that of the first `second`.
   * @param second null for the whole log
   * @throws CaasError `invalid_proof_range` (400)
   */
  async consistency(ctx: RequestContext, first: number, second: number | null) {
    const later = await this.treeOf(ctx, second);
    if (first < 1 || first > later.size) throw outOfRange('first', `must be from 1 to ${later.size}, the later size`);
    const earlier = await this.treeOf(ctx, first);
    const [proof] = await this.prove(ctx, [consistencyRanges(first, later.size)]);
    return {
      first_size: first,
      first_root_hash: earlier.root_hash,
      size: later.size,
      root_hash: later.root_hash,
      proof: proof!,
    };
  }

  private async treeOf(ctx: RequestContext, size: number | null): Promise<{ size: number; root_hash: string }> {
    const head = await this.head(ctx);
    if (size === null || size === head.size) return { size: head.size, root_hash: head.root_hash };
    if (size > head.size) throw outOfRange('size', `must not be above ${head.size}, the size of the log`);
    const whole = { start: 0, end: size };
    const hashOf = await this.hashesOf(ctx, nodesOf(whole));
    return { size, root_hash: hashOfRange(whole, hashOf).toString('base64') };
  }

  private async prove(ctx: RequestContext, paths: Range[][]): Promise<string[][]> {
    const hashOf = await this.hashesOf(ctx, paths.flat().flatMap(nodesOf));
    return paths.map((path) => path.map((range) => hashOfRange(range, hashOf).toString('base64')));
  }

  private async hashesOf(ctx: RequestContext, nodes: Node[]): Promise<HashOf> {
    const indexes = [...new Set(nodes.map(entryOf))];
    const rows = indexes.length === 0 ? [] : await ctx.repository(keyLog).find({ index: { $in: indexes } });
    const byIndex = new Map(rows.map((row) => [row.index, row.nodes]));
    return (node) => fromBase64(byIndex.get(entryOf(node))![node.level]!);
  }

  private async entryOfCursor(ctx: RequestContext, cursor: string): Promise<KeyLogEntry> {
    const entry = await ctx.repository(keyLog).findById(parseObjectId(cursor, 'cursor'));
    if (!entry) throw invalid('invalid_cursor', 'The cursor is not one that a page of this log handed out.');
    return entry;
  }
}

function headOf(head: KeyLogHead | null): LogHead {
  return {
    size: head?.size ?? 0,
    root_hash: rootOf((head?.peaks ?? []).map(fromBase64)).toString('base64'),
    chain_hash: head?.chain_hash ?? NOTHING_YET,
  };
}

const outOfRange = (field: string, message: string) =>
  invalid('invalid_proof_range', `There is no such proof: ${field} ${message}.`, [{ field, message }]);

const toBase64 = (bytes: Buffer): string => bytes.toString('base64');
const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64');
