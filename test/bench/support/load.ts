/** The load client, a process of its own: reads one `Load` from its parent, puts it on the server, and answers what came of it. */
import autocannon from 'autocannon';

export interface Load {
  url: string;
  connections: number;
  seconds: number;
  /** Taken in turn, each by whichever connection is free. */
  requests: { method: 'GET' | 'POST'; path: string; token?: string; body?: Record<string, unknown> }[];
  /** Adds a fresh `client_message_id` to every body. */
  numbered?: boolean;
}

export interface LoadResult {
  requests: number;
  seconds: number;
  failed: number;
}

async function run({ url, connections, seconds, requests, numbered }: Load): Promise<LoadResult> {
  let turn = 0;
  const series = `${process.pid.toString(36)}-${Date.now().toString(36)}`;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: [
      {
        setupRequest: (request) => {
          turn += 1;
          const { method, path, token, body } = requests[turn % requests.length]!;
          const sent = numbered ? { client_message_id: `${series}-${turn}`, ...body } : body;
          return {
            ...request,
            method,
            path,
            headers: {
              ...(token ? { authorization: `Bearer ${token}` } : {}),
              ...(sent ? { 'content-type': 'application/json' } : {}),
            },
            body: sent ? JSON.stringify(sent) : undefined,
          };
        },
      },
    ],
  });
  return { requests: result['2xx'], seconds: result.duration, failed: result.non2xx + result.errors };
}

process.once('message', (load: Load) => {
  void run(load).then(
    (result) => process.send!(result, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
