import { ObjectId } from 'bson';
import type { Message } from '../persistence/message.schema';
import { missedEvents } from './missed-events';

const sender = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const aMessage = (fields: Partial<Message>) =>
  ({
    _id: new ObjectId(),
    conversation_id: new ObjectId(),
    sender,
    mentions: [],
    last_repliers: [],
    reaction_counts: {},
    created_at: new Date(),
    updated_at: new Date(),
    ...fields,
  }) as unknown as Message;
const told = (messages: Message[], after: number, before: number) =>
  missedEvents(messages, after, before).map(({ type, rev, seq }) => [type, rev, seq]);

describe('missedEvents', () => {
  const untouched = aMessage({ seq: 1, created_rev: 1, rev: 1 });
  const edited = aMessage({ seq: 2, created_rev: 2, rev: 5, text: 'edited' });
  const deleted = aMessage({ seq: 3, created_rev: 3, rev: 6, deleted_at: new Date() });

  it('tells of what was created, changed and deleted, in order', () => {
    expect(told([untouched, edited, deleted], 0, 7)).toEqual([
      ['message.created', 1, 1],
      ['message.created', 2, 2],
      ['message.created', 3, 3],
      ['message.updated', 5, 2],
      ['message.deleted', 6, 3],
    ]);
  });

  it('tells only of changes of what was there before the gap', () => {
    expect(told([edited, deleted], 4, 7)).toEqual([
      ['message.updated', 5, 2],
      ['message.deleted', 6, 3],
    ]);
  });

  it('tells of what was created in the gap and changed after it, as it is now', () => {
    const [event] = missedEvents([edited, deleted], 1, 3);
    expect(event).toMatchObject({ type: 'message.created', rev: 2, data: { text: 'edited', rev: 5 } });
    expect(told([edited, deleted], 3, 5)).toEqual([]);
  });
});
