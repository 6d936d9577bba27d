import { ObjectId } from 'bson';
import type { Message } from '#caas/domain/messages';
import { changedEventOf, createdEventOf } from './missed-events';

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

describe('An event that is told late', () => {
  const edited = aMessage({ seq: 2, created_rev: 3, rev: 6, base_rev: 5, text: 'edited' });

  it('of a message that was sent has its seq and no rev, and waits for what its sender knew', () => {
    const { envelope, afterRev } = createdEventOf(edited);
    expect(envelope).toMatchObject({ type: 'message.created', seq: 2, data: { text: 'edited', rev: 6 } });
    expect(envelope).not.toHaveProperty('rev');
    expect(afterRev).toBe(3);
  });

  it('of a change has the rev of the last one, and says which came before it', () => {
    const { envelope, baseRev } = changedEventOf(edited);
    expect(envelope).toMatchObject({ type: 'message.updated', seq: 2, rev: 6 });
    expect(baseRev).toBe(5);
    const deleted = changedEventOf(aMessage({ seq: 3, created_rev: 0, rev: 1, deleted_at: new Date() }));
    expect(deleted.envelope).toMatchObject({ type: 'message.deleted', seq: 3, rev: 1 });
    expect(deleted).not.toHaveProperty('baseRev');
  });

  it('shows no rev of a message of the version before that never changed', () => {
    const { envelope } = createdEventOf(aMessage({ seq: 7, created_rev: 9, rev: 9 }));
    expect(envelope.data).toMatchObject({ rev: 0 });
  });
});
