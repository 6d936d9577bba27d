/** Loaded before a worker: ends it by SIGKILL when the processing of one file reaches one step (`KILL_AT="<step>:<file id>"`). */
import { subscribe } from 'node:diagnostics_channel';

const [wantedStep, wantedFile] = (process.env['KILL_AT'] ?? '').split(':');

if (wantedStep) {
  subscribe('caas:media:step', (message) => {
    const { step, fileId } = message as { step: string; fileId: string };
    if (step === wantedStep && fileId === wantedFile) process.kill(process.pid, 'SIGKILL');
  });
}
