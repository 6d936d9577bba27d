import { ObjectId, serialize } from 'bson';
import { MongoError } from '../errors/mongo-error';
import { MAX_MESSAGE_BYTES } from '../wire/frame-reader';
import type { Command, Handler } from './command';

/** What the engine and this gateway can do is nearest to this version. */
export const SERVER_VERSION = '8.0.0';
export const REPLICA_SET = 'caas';
const MAX_WIRE_VERSION = 25;
const PROCESS_ID = new ObjectId();

/** A primary of a replica set of one: what makes drivers use sessions, transactions and retryable writes. */
export function hello(command: Command): Record<string, unknown> {
  const { address, startedAt } = command.gateway;
  const isHello = command.name === 'hello';
  return {
    ...(isHello ? { isWritablePrimary: true } : { ismaster: true, isWritablePrimary: true }),
    helloOk: true,
    secondary: false,
    setName: REPLICA_SET,
    setVersion: 1,
    hosts: [address],
    me: address,
    primary: address,
    electionId: new ObjectId('7fffffff0000000000000001'),
    topologyVersion: undefined,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: MAX_MESSAGE_BYTES,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    lastWrite: { lastWriteDate: new Date(startedAt) },
    logicalSessionTimeoutMinutes: 30,
    connectionId: command.connectionId,
    minWireVersion: 0,
    maxWireVersion: MAX_WIRE_VERSION,
    readOnly: false,
    processId: PROCESS_ID,
    ok: 1,
  };
}

const MOST_METADATA_BYTES = 512;

const greet: Handler = async (command) => {
  const { client } = command.document;
  if (client !== undefined && serialize({ client }).length > MOST_METADATA_BYTES) {
    throw MongoError.of(
      'ClientMetadataDocumentTooLarge',
      `The client metadata document must be less then or equal to ${MOST_METADATA_BYTES} bytes`,
    );
  }
  return hello(command);
};

export const handshake: Record<string, Handler> = { hello: greet, isMaster: greet, ismaster: greet };
