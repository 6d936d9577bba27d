import { configSection, duration } from '#caas/platform/config';

export const presenceConfig = configSection('presence', {
  PRESENCE_TIMEOUT: duration({
    default: '45s',
    doc: 'how long users of a process that was killed still look online; it gives a sign of life three times in that time',
  }),
});
