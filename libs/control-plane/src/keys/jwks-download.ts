import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isPublicAddress, literalAddress, publicLookup } from './public-address';

const TIMEOUT_MS = 3_000;
const MAX_BYTES = 64 * 1024;

export interface DownloadOptions {
  /** Only from addresses of the public internet, as they resolve at this very call. */
  publicOnly: boolean;
  /** For the whole of it, however it trickles. */
  timeoutMs?: number;
}

/**
 * The text at `url`: no redirects, at most 64 KiB, at most three seconds.
 * @throws Error saying what was wrong
 */
export function downloadJwks(url: string, { publicOnly, timeoutMs = TIMEOUT_MS }: DownloadOptions): Promise<string> {
  const literal = literalAddress(new URL(url));
  if (publicOnly && literal !== null && !isPublicAddress(literal)) {
    return Promise.reject(new Error('a private address'));
  }
  const request = url.startsWith('https:') ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(signal.aborted ? new Error('too slow') : error);
    const outgoing = request(url, { signal, lookup: publicOnly ? publicLookup() : undefined }, (response) => {
      if (response.statusCode !== 200) return outgoing.destroy(new Error(`status ${response.statusCode}`));
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > MAX_BYTES) outgoing.destroy(new Error('too large'));
        else chunks.push(chunk);
      });
      response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      response.on('error', fail);
    });
    outgoing.on('error', fail);
    outgoing.end();
  });
}
