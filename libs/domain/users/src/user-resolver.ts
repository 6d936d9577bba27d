import { Injectable } from '@nestjs/common';
import { invalid, isExternalId, type RequestContext, type UserReference } from '#caas/kernel';
import { UserDirectory } from '#caas/access';
import { Blocks } from './blocks';

const MAX_AT_ONCE = 500;
const SHOWN = 10;

/** Resolves the external ids in a request to users. */
@Injectable()
export class UserResolver {
  constructor(
    private readonly users: UserDirectory,
    private readonly blocks: Blocks,
  ) {}

  /** Null for a user who does not exist, or is deactivated or deleted. */
  async active(ctx: RequestContext, externalId: string): Promise<UserReference | null> {
    const known = await this.known(ctx, externalId);
    return known?.state === 'active' ? known.reference : null;
  }

  /** Includes deactivated and deleted users, who may still be members. */
  async anyState(ctx: RequestContext, externalId: string): Promise<UserReference | null> {
    return (await this.known(ctx, externalId))?.reference ?? null;
  }

  /**
   * Resolves the users whom the actor adds to a conversation, without duplicates and without the actor.
   * @throws CaasError `unknown_members`, `invalid_members` (400), `blocked` (403): one invalid id fails the whole request
   */
  async others(ctx: RequestContext, externalIds: string[]): Promise<UserReference[]> {
    const self = ctx.actor.kind === 'user' ? ctx.user.user_external_id : null;
    const wanted = [...new Set(externalIds)].filter((id) => id !== self && !(id === 'me' && self !== null));
    if (wanted.length > MAX_AT_ONCE) throw invalid('invalid_members', `No more than ${MAX_AT_ONCE} members at once.`);
    const found = await Promise.all(wanted.map((id) => this.active(ctx, id)));
    const unknown = wanted.filter((_id, at) => found[at] === null);
    if (unknown.length === 0) {
      const others = found.map((reference) => reference!);
      await this.blocks.requireNone(ctx, others);
      return others;
    }
    throw invalid('unknown_members', `There are no such users: ${unknown.slice(0, SHOWN).join(', ')}.`, [
      { field: 'member_ids', message: 'must name users that exist' },
    ]);
  }

  private known(ctx: RequestContext, externalId: string) {
    const id = externalId === 'me' && ctx.actor.kind === 'user' ? ctx.user.user_external_id : externalId;
    return isExternalId(id) ? this.users.find(ctx, id) : Promise.resolve(null);
  }
}
