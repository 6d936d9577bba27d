import { CaasError, invalid, stale } from './errors';

/** The opaque parts of a list of entity tags, without `W/` and quotes; or `*`. */
export type EntityTags = '*' | readonly string[];

/** One entity tag or none, and what follows it in a list (RFC 9110, 5.6.1 and 8.8.3). Fails in linear time. */
const LIST_ITEM = /[ \t]*(?:(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(,|$)/y;
/** A tag of CaaS; the version alone is also accepted. */
const OWN_TAG = /^(0|[1-9]\d{0,14})(?:-[A-Za-z0-9_-]*)?$/;

/**
 * The conditions of one request (RFC 9110, 13.1), which its route passes to the code that writes. That code calls `require` with
 * the version that it is about to replace, within the transaction or the conditional update that replaces it.
 *
 * Our tags are `"<version>-<digest>"`. The version counts changes to the fields that clients can change; the digest covers the
 * whole answer. A condition on a write compares versions only, because a reaction or a rename elsewhere is no lost update.
 */
export class Preconditions {
  /** For a request without conditions, and for a caller that is no request. */
  static readonly NONE = new Preconditions(null, null);

  private constructor(
    private readonly ifMatch: EntityTags | null,
    private readonly ifNoneMatch: EntityTags | null,
  ) {}

  /** @throws CaasError `invalid_if_match`, `invalid_if_none_match` (400) for a header that is neither `*` nor a list of entity tags */
  static of(ifMatch: string | undefined, ifNoneMatch: string | undefined): Preconditions {
    if (ifMatch === undefined && ifNoneMatch === undefined) return Preconditions.NONE;
    return new Preconditions(
      ifMatch === undefined ? null : tagsOf(ifMatch, 'If-Match'),
      ifNoneMatch === undefined ? null : tagsOf(ifNoneMatch, 'If-None-Match'),
    );
  }

  /**
   * @param version the current version of the resource; null when there is none. A list of tags never matches a missing resource.
   * @throws CaasError `stale_version`, `already_exists` (412)
   */
  require(version: number | null): void {
    this.requireMatch(version);
    if (this.ifNoneMatch === '*' ? version !== null : this.ifNoneMatch && namesVersion(this.ifNoneMatch, version)) {
      throw alreadyThere();
    }
  }

  /** Checks `If-Match` only, as for a read. @throws CaasError `stale_version` (412) */
  requireMatch(version: number | null): void {
    if (this.ifMatch === '*' ? version === null : this.ifMatch && !namesVersion(this.ifMatch, version)) {
      throw notAsRead();
    }
  }

  /** Checks `If-Match` for a read of a resource whose tags have no versions. @throws CaasError `stale_version` (412) */
  requireTag(etag: string): void {
    if (this.ifMatch === null || this.ifMatch === '*' || this.ifMatch.includes(opaqueOf(etag))) return;
    throw notAsRead();
  }

  /**
   * The same for a resource without versions, which no tag matches.
   * @throws CaasError `stale_version`, `already_exists` (412)
   */
  requireUnversioned(exists: boolean): void {
    this.require(exists ? NO_VERSION : null);
  }

  /** The same when the caller does not know whether the resource exists: a condition passes only if it holds in both cases. */
  requireUnknown(): void {
    if (this.ifMatch !== null && this.ifMatch !== '*') this.requireUnversioned(true);
    if (this.ifNoneMatch === '*') throw alreadyThere();
  }

  /** Whether the client already has the answer with this tag. Tags are compared as a whole and weakly (RFC 9110, 13.1.2). */
  hasSeen(etag: string): boolean {
    if (this.ifNoneMatch === null) return false;
    return this.ifNoneMatch === '*' || this.ifNoneMatch.includes(opaqueOf(etag));
  }
}

/** The version of a resource without versions; no client's tag contains it. */
const NO_VERSION = -1;

function tagsOf(header: string, name: 'If-Match' | 'If-None-Match'): EntityTags {
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  LIST_ITEM.lastIndex = 0;
  for (;;) {
    const item = LIST_ITEM.exec(header);
    if (!item) throw malformed(name);
    if (item[1] !== undefined) tags.push(item[1]);
    if (item[2] === '') break;
  }
  if (tags.length === 0) throw malformed(name);
  return tags;
}

function namesVersion(tags: readonly string[], version: number | null): boolean {
  return version !== null && tags.some((tag) => Number(OWN_TAG.exec(tag)?.[1] ?? NaN) === version);
}

const malformed = (name: 'If-Match' | 'If-None-Match') =>
  invalid(name === 'If-Match' ? 'invalid_if_match' : 'invalid_if_none_match', `${name} is "*" or a list of ETags.`, [
    { field: name, message: 'must be * or ETags such as "3-Zm9vYmFy", separated by commas' },
  ]);

const opaqueOf = (etag: string): string => etag.replace(/^W\//, '').slice(1, -1);

const notAsRead = () => stale('This is not as you read it: somebody changed it, or it is not there. Read it again.');

const alreadyThere = () =>
  new CaasError('stale', 'already_exists', 'If-None-Match: there is one already, and nothing was changed.');
