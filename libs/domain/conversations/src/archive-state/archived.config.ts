import { configSection, duration } from '#caas/platform/config';

export const archivedConfig = configSection('messaging-archived', {
  ARCHIVE_TRUST: duration({
    default: '5s',
    doc: 'how long a process believes what it knows of cold storage; the archiver waits twice as long before it deletes: the same for all processes',
  }),
});
