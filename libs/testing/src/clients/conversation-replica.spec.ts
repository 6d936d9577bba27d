import fc from 'fast-check';
import { ConversationReplica } from './conversation-replica';
import { StandInConversation } from './stand-in-conversation';
import type { ConversationChanges, ConversationState, Envelope, Position } from './wire';

const MEMBERS = ['anna', 'ben', 'carl'];

/** Anna's client, one connection of it, and a question to `sync` that may be under way while events come. */
class Scene {
  readonly server = new StandInConversation(MEMBERS);
  readonly replica = new ConversationReplica(this.server.row, 'anna');
  /** Something is known to be missing. */
  isBehind = true;
  private question: { asked: Position; row: ConversationState } | null = null;
  private answer: ConversationChanges | null = null;

  constructor(private readonly limit: number) {}

  /** The next message, or the next change, reaches the client: never a change of a message before the message. */
  deliver(from: 'messages' | 'changes', isLost = false): boolean {
    const { messages, changes } = this.server.queue;
    const next = this.server.queue[from][0];
    if (!next) return false;
    if (from === 'changes' && messages.some(({ event }) => event.seq === next.event.seq)) return false;
    (from === 'messages' ? messages : changes).shift();
    if (!isLost) this.hear(next.event);
    return true;
  }

  /** One step of a question: it is asked, the row is read, the rest is read, the answer arrives. */
  sync(): void {
    const { replica, server, limit } = this;
    if (this.answer) {
      if (!replica.take(this.answer)) this.isBehind = true;
      [this.question, this.answer] = [null, null];
    } else if (this.question) this.answer = server.answer(this.question.row, this.question.asked, limit);
    else if (this.isBehind) {
      this.isBehind = false;
      this.question = { asked: { seq: replica.seq, rev: replica.rev }, row: server.row };
    }
  }

  get isSettled(): boolean {
    return !this.isBehind && this.question === null;
  }

  /** Everything arrives, and what is asked is answered. */
  settle(): void {
    while (this.deliver('messages') || this.deliver('changes'));
    for (let asked = 0; !this.isSettled; asked += 1) {
      if (asked > 1_000) throw new Error('sync does not end');
      this.sync();
    }
  }

  private hear(event: Envelope): void {
    if (!this.replica.hear(event)) this.isBehind = true;
  }
}

type Step = [what: number, which: number, who: number];

/** @returns whether an event was lost */
function perform(scene: Scene, [what, which, who]: Step, losses: boolean): boolean {
  const { server } = scene;
  const user = MEMBERS[who % 2]!;
  const message = server.messages[which % Math.max(1, server.messages.length)];
  const from = who % 2 ? 'messages' : 'changes';
  const steps: (() => unknown)[] = [
    () => server.send(server.isIn('carl') ? MEMBERS[who % 3]! : user),
    () => server.send(user),
    () => message && server.edit(message),
    () => message && server.react(message, user),
    () => message && server.react(message, user),
    () => message && which % 4 === 0 && server.delete(message),
    () => server.read(user),
    () => server.rename(),
    () => server.comeOrGo('carl'),
    () => server.hide(),
    () => server.merge(which % 6),
    () => server.delay(which % 3),
    () => scene.sync(),
    () => scene.sync(),
  ];
  if (what < steps.length) steps[what]!();
  else return scene.deliver(from, losses && which % 5 === 0) && losses && which % 5 === 0;
  return false;
}

const steps = fc.array(fc.tuple(fc.nat(24), fc.nat(60), fc.nat(5)), { maxLength: 120, size: 'max' });

describe('ConversationReplica', () => {
  it.each([
    ['of events alone, none of which is lost', false],
    ['of events some of which are lost, and of sync', true],
  ])('knows what the server knows, %s', (_what, losses) => {
    const property = fc.property(fc.integer({ min: 1, max: 5 }), steps, (limit, todo) => {
      const scene = new Scene(limit);
      let isAnyLost = false;
      for (const step of todo) isAnyLost = perform(scene, step as Step, losses) || isAnyLost;
      scene.settle();
      // The last events may be among the lost: a client asks whenever it comes back.
      if (isAnyLost) scene.isBehind = true;
      scene.settle();
      expect(scene.replica.snapshot).toEqual(scene.server.snapshot);
      expect(scene.replica).toMatchObject({ seq: scene.server.lastSeq, rev: scene.server.row.rev });
    });
    fc.assert(property, { numRuns: 400 });
  });

  /** With three messages, the second of which was edited, and nothing missing. */
  const known = (limit = 100) => {
    const scene = new Scene(limit);
    for (const user of ['ben', 'carl', 'ben']) scene.server.send(user);
    scene.server.edit(scene.server.messages[1]!);
    scene.settle();
    return scene;
  };

  it('takes messages and changes in two orders, neither of which waits for the other', () => {
    const { server, replica } = known();
    server.send('ben');
    server.edit(server.messages[0]!);
    const [message, change] = [server.queue.messages[0]!.event, server.queue.changes[0]!.event];
    expect(change).toMatchObject({ rev: 2, seq: 1 });
    expect(message).not.toHaveProperty('rev');
    expect([replica.hear(change), replica.rev, replica.seq]).toEqual([true, 2, 3]);
    expect([replica.hear(message), replica.rev, replica.seq]).toEqual([true, 2, 4]);
  });

  it('lets a change wait for its message, and both for what comes before them', () => {
    const { server, replica } = known();
    for (const user of ['ben', 'ben']) server.send(user);
    server.edit(server.messages[4]!);
    const [fourth, fifth] = server.queue.messages.map(({ event }) => event);
    const change = server.queue.changes[0]!.event;
    expect([replica.hear(change), replica.hear(fifth!), replica.seq, replica.rev]).toEqual([false, false, 3, 1]);
    expect([replica.hear(fourth!), replica.seq, replica.rev]).toEqual([true, 5, 2]);
    expect(replica.snapshot).toEqual(server.snapshot);
  });

  it('takes an event for all the changes that it covers, and asks when reactions may have changed hands', () => {
    const { server, replica } = known();
    const [first] = server.messages;
    for (let edits = 0; edits < 2; edits += 1) server.edit(first!);
    server.merge(0);
    const [edited] = server.queue.changes.splice(0);
    expect(edited!.event.covers).toEqual([2, 3]);
    expect([replica.hear(edited!.event), replica.rev]).toEqual([true, 3]);
    server.react(first!, 'anna');
    const [own] = server.queue.changes.splice(0);
    expect(replica.hear(own!.event)).toBe(true);
    server.react(first!, 'anna');
    server.react(first!, 'ben');
    server.merge(0);
    const [swapped] = server.queue.changes.splice(0);
    expect(swapped!.event.data).toMatchObject({ reaction_counts: { '👍': 1 } });
    expect([replica.hear(swapped!.event), replica.rev]).toEqual([false, 4]);
  });

  it('takes a reaction only on the message as it was before', () => {
    const { server, replica } = known();
    server.edit(server.messages[0]!);
    server.react(server.messages[0]!, 'ben');
    const [edited, reaction] = server.queue.changes.splice(0);
    expect(reaction!.event.data).toMatchObject({ base_rev: 2 });
    // As if the edit had been another message's: the number follows, and yet the message here is an older one.
    expect(replica.hear({ ...edited!.event, type: 'change.hidden', data: {} })).toBe(true);
    expect([replica.hear(reaction!.event), replica.rev]).toEqual([false, 2]);
  });

  it('goes back to the seq of an answer whose rev is news, and asks for the rest again', () => {
    const { server, replica } = known();
    const [asked, row] = [{ seq: 3, rev: 1 }, server.row];
    server.send('ben');
    expect(replica.hear(server.queue.messages.shift()!.event)).toBe(true);
    server.edit(server.messages[3]!);
    server.edit(server.messages[0]!);
    // Cut after the changes: of the fourth message, which has changed, it says nothing.
    const cut = { ...server.answer(row, asked, 1), rev: 3 };
    expect(cut).toMatchObject({ seq: 3, has_more: true, messages: [{ seq: 1 }] });
    expect([replica.take(cut), replica.seq, replica.rev]).toEqual([false, 3, 3]);
    expect(replica.take(server.answer(server.row, { seq: 3, rev: 3 }, 1))).toBe(true);
    expect(replica.snapshot).toEqual(server.snapshot);
  });

  it('goes back also where an answer had all there was when it was read', () => {
    const { server, replica } = known();
    server.edit(server.messages[0]!);
    const whole = server.answer(server.row, { seq: 3, rev: 1 }, 100);
    server.send('ben');
    expect(replica.hear(server.queue.messages.shift()!.event)).toBe(true);
    expect(whole).toMatchObject({ seq: 3, rev: 2, has_more: false });
    expect([replica.take(whole), replica.seq, replica.rev]).toEqual([false, 3, 2]);
    // The watermark of who sent meanwhile stays.
    expect(replica.snapshot.receipts).toMatchObject([{}, { read_seq: 4 }, {}]);
    expect(replica.take(server.answer(server.row, { seq: 3, rev: 2 }, 100))).toBe(true);
    expect(replica.snapshot).toEqual(server.snapshot);
  });

  it('moves the watermark of who sends, which no receipt tells of', () => {
    const { server, replica } = known();
    server.send('anna');
    expect(server.queue.changes).toEqual([]);
    replica.hear(server.queue.messages.shift()!.event);
    expect(replica.snapshot.conversation).toMatchObject({ last_seq: 4, unread_count: 0 });
    expect(replica.snapshot.receipts).toMatchObject([{ read_seq: 4 }, { read_seq: 3 }, { read_seq: 2 }]);
  });
});
