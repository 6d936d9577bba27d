/**
 * Loaded before a process: ends it by SIGKILL at one step of its work. `KILL_AT="<step>:<file id>"` is a step in the processing of
 * one file, `KILL_AT="archive <step>"` one in the archiver's protocol, `KILL_AT="send <step>"` one in the way of a message.
 */
import { subscribe } from 'node:diagnostics_channel';

const wanted = process.env['KILL_AT'] ?? '';
const die = () => process.kill(process.pid, 'SIGKILL');

if (wanted.startsWith('archive ')) {
  subscribe('caas:archive:step', (message) => {
    const { step } = message as { step: string };
    if (wanted === `archive ${step}`) die();
  });
} else if (wanted.startsWith('send ')) {
  subscribe('caas:send:step', (message) => {
    if (wanted === `send ${(message as { step: string }).step}`) die();
  });
} else if (wanted !== '') {
  subscribe('caas:media:step', (message) => {
    const { step, fileId } = message as { step: string; fileId: string };
    if (wanted === `${step}:${fileId}`) die();
  });
}
