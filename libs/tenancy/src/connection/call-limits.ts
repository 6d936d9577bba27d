/** Limits of every connection to MongoDB: how long a call waits for an answer, and before that for a connection of the pool. */
export const CALL_LIMITS = { socketTimeoutMS: 60_000, waitQueueTimeoutMS: 30_000 };
