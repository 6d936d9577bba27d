import { Binary, deserialize, Double, Int32, Long, ObjectId, serialize } from 'bson';
import fc from 'fast-check';
import type { Message } from '#caas/domain/messages';
import { lineOf } from './lines';
import { plainLineOf } from './plain-line';

const NOW = new Date('2024-02-29T12:34:56.789Z');

function aMessage(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    _id: new ObjectId('65e07a30a1b2c3d4e5f60718'),
    tenant_id: 'clnt_abc123',
    conversation_id: new ObjectId('65e07a30a1b2c3d4e5f60719'),
    sender: {
      user_id: new ObjectId('65e07a30a1b2c3d4e5f6071a'),
      user_external_id: 'anna',
      user_display_name: 'Änna "A"',
    },
    seq: 7,
    client_message_id: 'm-7',
    text: 'hello ✓ \u2028 \u0007 \\ 👍',
    rev: 9,
    created_rev: 7,
    type: 'text',
    attachments: [],
    thread_root_id: null,
    reply_count: 0,
    last_repliers: [],
    mentions: [],
    metadata: null,
    reaction_counts: {},
    poll: null,
    pinned_at: null,
    edited_at: null,
    created_at: NOW,
    updated_at: NOW,
    deleted_at: null,
    __v: 0,
    ...fields,
  };
}

/** As the archive writes it by way of objects. */
function usualLine(bson: Uint8Array): string {
  const message = deserialize(bson) as Message;
  return lineOf({ message, reactions: [], rows: [], versions: [] });
}

/** The replacement character is what the line of a plain message does without: see below. */
const words = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\uFFFD'));

/** Values that relaxed EJSON carries exactly. */
const carried = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    words,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }),
    fc.constantFrom(Long.fromNumber(2 ** 40), new Double(3), new ObjectId()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[A-Za-z_ü "-][A-Za-z0-9_ü "-]{0,8}$/), tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('plainLineOf', () => {
  it('is the line that goes by way of objects, to the letter', () => {
    fc.assert(
      fc.property(carried, words, (metadata, text) => {
        const bson = serialize(aMessage({ metadata, text }));
        expect(plainLineOf(bson)?.line).toBe(usualLine(bson));
      }),
      { numRuns: 500 },
    );
  });

  it('tells what the message is looked up by', () => {
    const { _id, created_at } = aMessage() as unknown as Message;
    const message = { _id, __v: 0, seq: 7, rev: 9, created_at, thread_root_id: null, mentions: [] };
    expect(plainLineOf(serialize(aMessage()))?.message).toEqual(message);
  });

  it.each<[string, Record<string, unknown>]>([
    ['names somebody', { mentions: [{ user_id: new ObjectId() }] }],
    ['was reacted to', { reaction_counts: { a: 1 } }],
    ['was replied to', { reply_count: new Int32(1) }],
    ['is in a thread', { thread_root_id: new ObjectId() }],
    ['is a poll', { poll: { question: '?' } }],
    ['is pinned', { pinned_at: NOW }],
    ['was edited', { edited_at: NOW }],
    ['lacks a field', { pinned_at: undefined }],
  ])('leaves alone a message that %s', (_what, fields) => {
    expect(plainLineOf(serialize(aMessage(fields), { ignoreUndefined: true }))).toBeNull();
  });

  it.each<[string, unknown]>([
    ['minus zero', -0],
    ['no number', Number.NaN],
    ['bytes', new Binary(Buffer.from('x'))],
    ['a large integer', Long.MAX_VALUE],
    ['a name that means something', { $oid: 'x' }],
    ['a name that is an integer', { 1: 'x' }],
    ['a time before all', new Date(-1)],
    ['a replacement character', 'a\uFFFDb'],
  ])('leaves alone a message with %s', (_what, metadata) => {
    expect(plainLineOf(serialize(aMessage({ metadata: { deep: [metadata] } })))).toBeNull();
  });
});
