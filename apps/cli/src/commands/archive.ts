import { command } from '../framework/command';
import { DRY_RUN, flag, number, objectId, optional, required, TENANT, text, YES } from '../framework/values';

/** A hundred years. */
const MAX_DAYS = 36_500;
const MAX_SEQ = 999_999_999;

const conversation = objectId('id', 'only this conversation');
const user = text('external-id', 'what this user left there');
const seq = (doc: string) => optional(number('n', doc, { min: 0, max: MAX_SEQ }));

export const archiveRun = command({
  path: 'archive run',
  does: 'moves old messages to cold storage now, and ends the time of those that are kept no longer',
  parts: 'everything',
  words: {},
  options: {
    tenant: TENANT,
    conversation: optional(conversation),
    'after-days': optional(number('n', 'how old, instead of the tenant’s own setting', { min: 0, max: MAX_DAYS })),
    'dry-run': DRY_RUN,
  },
});

export const archiveStatus = command({
  path: 'archive status',
  does: 'what is in cold storage, and what is held',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT, conversation: optional(conversation) },
});

export const archiveVerify = command({
  path: 'archive verify',
  does: 'reads every segment back; any damage is a failure',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT, conversation: optional(conversation) },
});

export const archiveRestore = command({
  path: 'archive restore',
  does: 'puts messages back into the hot collections',
  parts: 'everything',
  words: {},
  options: {
    tenant: TENANT,
    conversation: required(conversation),
    'from-seq': seq('segments with this message and later ones'),
    'to-seq': seq('segments with this message and earlier ones'),
    'dry-run': DRY_RUN,
  },
});

export const archiveExport = command({
  path: 'archive export',
  does: 'writes all messages as plain ndjson: a file for each segment in cold storage, one for what is hot of a conversation',
  parts: 'everything',
  words: {},
  options: {
    tenant: TENANT,
    conversation: optional(conversation),
    to: required(text('folder', 'where the files go; it is made')),
  },
});

export const archiveHold = command({
  path: 'archive hold',
  does: 'a legal hold: what it is about is neither archived nor erased nor expired, and kept when its author edits or deletes it',
  parts: 'everything',
  words: {},
  options: {
    tenant: TENANT,
    conversation: optional(conversation),
    user: optional(user),
    off: flag('ends the hold'),
  },
});

export const archiveErase = command({
  path: 'archive erase',
  does: 'erases from cold storage what a user or a conversation left there, for good',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT, conversation: optional(conversation), user: optional(user), yes: YES, 'dry-run': DRY_RUN },
});
