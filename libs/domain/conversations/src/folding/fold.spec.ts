import { ObjectId } from 'bson';
import { foldOf, type FoldedRow } from './fold';
import type { FoldedMessage } from './stored-messages';

const creator = new ObjectId();
const aRow = (more: Partial<FoldedRow> = {}): FoldedRow => ({
  _id: new ObjectId(),
  type: 'group',
  created_by_id: creator,
  last_seq: 3,
  sent_seqs: {},
  ...more,
});
const by = (user_id: ObjectId) => ({ user_id, user_external_id: 'x', user_display_name: 'X' });
const aMessage = (seq: number, more: Partial<FoldedMessage> = {}): FoldedMessage => ({
  _id: new ObjectId(),
  seq,
  sender: by(creator),
  type: 'text',
  preview: `text ${seq}`,
  created_at: new Date('2026-01-31T23:59:59Z'),
  ...more,
});

describe('foldOf', () => {
  it('moves the row to the newest message, and counts all by month', () => {
    const february = new Date('2026-02-01T00:00:00Z');
    const messages = [aMessage(4), aMessage(5), aMessage(6, { created_at: february, preview: 'the last' })];
    expect(foldOf(aRow(), messages)).toMatchObject({
      count: 3,
      after: { last_seq: 6 },
      update: {
        $set: { last_seq: 6, last_message: { id: messages[2]!._id, text: 'the last' } },
        $max: { last_activity_at: february },
        $inc: { 'sent.2026-01': 2, 'sent.2026-02': 1 },
      },
    });
  });

  it('skips what is folded, and leaves what comes after a gap', () => {
    expect(foldOf(aRow(), [aMessage(2), aMessage(3)])).toBeNull();
    expect(foldOf(aRow(), [aMessage(5)])).toBeNull();
    expect(
      foldOf(
        aRow(),
        [3, 4, 6].map((seq) => aMessage(seq)),
      ),
    ).toMatchObject({ count: 1, after: { last_seq: 4 } });
  });

  it('marks for each sender the newest message, and names the newest sender where the row has a place for one', () => {
    const [anna, ben] = [new ObjectId(), new ObjectId()];
    const messages = [
      aMessage(4, { sender: by(anna) }),
      aMessage(5, { sender: by(ben) }),
      aMessage(6, { sender: by(anna) }),
    ];
    const { update } = foldOf(aRow(), messages)!;
    expect(update.$set).toMatchObject({ [`sent_seqs.${anna}`]: 6, [`sent_seqs.${ben}`]: 5, 'people.1': by(anna) });
    expect(foldOf(aRow({ type: 'direct' }), messages)!.update.$set).not.toHaveProperty(['people.1']);
    expect(foldOf(aRow(), [aMessage(4)])!.update.$set).not.toHaveProperty(['people.1']);
  });

  it('moves older marks to the members when the row is full of them', () => {
    const sent_seqs = Object.fromEntries(Array.from({ length: 64 }, (_, at) => [new ObjectId().toHexString(), at + 1]));
    const sender = new ObjectId();
    const { update, watermarks, after } = foldOf(aRow({ sent_seqs }), [aMessage(4, { sender: by(sender) })])!;
    expect(watermarks).toHaveLength(64);
    expect(update.$set).toMatchObject({ sent_seqs: { [sender.toHexString()]: 4 } });
    expect(after.sent_seqs).toEqual({ [sender.toHexString()]: 4 });
  });
});
