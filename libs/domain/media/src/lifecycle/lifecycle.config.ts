import { configSection, duration } from '#caas/platform/config';

export const fileLifecycleConfig = configSection('file lifecycle', {
  FILES_UNUSED_FOR: duration({ default: '1d', doc: 'how long a file that nothing holds is kept' }),
  FILES_CLAIMED_FOR: duration({
    default: '1h',
    doc: 'how long a file is held for a message that does not come, as after a crash',
  }),
  FILES_ORPHANED_FOR: duration({ default: '1d', doc: 'how long an object that belongs to no file is kept' }),
});
