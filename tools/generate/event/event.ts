import { addProperty, hasProperty } from '../edits/lists';
import type { Generator } from '../generator';
import { requireKebab, snake } from '../names';
import { UsageError } from '../usage-error';

const CONTRACTS = 'libs/contracts/src/events.ts';
const TOLD = 'test/isolation/transports/told.spec.ts';

/** Who hears of it, and how the isolation suite asks whether that user may read it. */
const AUDIENCES: Record<string, string> = { user: `'own'`, conversation: 'conversation' };

/** The contract of an event, and its case in the isolation suite. */
export const event: Generator = {
  usage: 'event <thing>.<what-happened> [user|conversation]',
  words: 2,
  prepare(workspace, [given, audience = 'user']) {
    const name = eventName(given);
    const readable = Object.hasOwn(AUDIENCES, audience) ? AUDIENCES[audience] : undefined;
    if (!readable) {
      const known = Object.keys(AUDIENCES).join(' or ');
      throw new UsageError(`"${audience}" is no audience of an event: it is ${known}.`);
    }
    if (hasProperty(workspace.read(CONTRACTS), 'EVENTS', name))
      throw new UsageError(`The event ${name} exists already.`);
    const contract = `'${name}': { version: 1, data: open({ id: objectId }) }`;
    workspace.edit(CONTRACTS, (text) => addProperty(text, 'EVENTS', contract));
    workspace.edit(TOLD, (text) => addProperty(text, 'READABLE', `'${name}': ${readable}`));
    return [
      `${CONTRACTS}: the fields of \`data\` besides the id, and for whom the event is; that is what clients are promised.`,
      `the service: \`this.realtime.publish(ctx, ${addressee(audience)}, { type: '${name}', … })\` after the commit` +
        (audience === 'conversation' ? ', with the `rev` of `ConversationChanges.apply`.' : '.'),
      `${TOLD}: in the suite's story, do what causes the event; it has a case, but nobody hears of it there yet.`,
    ];
  },
};

const addressee = (audience: string) => (audience === 'user' ? '{ userId }' : '{ conversationId }');

/** `pinned-note.moved` → `pinned_note.moved` */
function eventName(given: string | undefined): string {
  const [thing, happened, ...more] = (given ?? '').replaceAll('_', '-').split('.');
  if (!happened || more.length > 0) {
    throw new UsageError(`"${given}" is no name for an event: it is <thing>.<what-happened>, such as note.pinned.`);
  }
  const parts = [thing, happened].map((part) => requireKebab(part, 'part of an event', 'note'));
  return parts.map(snake).join('.');
}
