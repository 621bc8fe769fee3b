// A server that answers as MLflow's and W&B's do, as far as the guides speak to them, and remembers what it was told.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was asked, in order. */
export interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: what a client sent, looked into by tests
  readonly body: any;
}

const MLFLOW = '/api/2.0/mlflow';
const STREAM = '/files/me/digits/run-1/file_stream';

const ANSWERS: Readonly<Record<string, object>> = {
  [`${MLFLOW}/experiments/search`]: {},
  [`${MLFLOW}/experiments/create`]: { experiment_id: '7' },
  [`${MLFLOW}/runs/create`]: { run: { info: { run_id: 'r1' } } },
  [`${MLFLOW}/runs/log-batch`]: {},
  [`${MLFLOW}/runs/update`]: {},
  '/graphql': {
    data: { upsertBucket: { bucket: { name: 'run-1', project: { name: 'digits', entity: { name: 'me' } } } } },
  },
  [STREAM]: {},
};

export interface TrackingServer {
  readonly url: string;
  /** What came for MLflow or for W&B, in order. */
  asked(prefix: string): Asked[];
  close(): Promise<void>;
}

export async function trackingServer(): Promise<TrackingServer> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer); // no encoding is set
    const { url: path = '', headers } = request;
    asked.push({ path, authorization: headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) });
    const answer = ANSWERS[path];
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? { message: 'not found' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: (prefix) => asked.filter(({ path }) => path.startsWith(prefix)),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
