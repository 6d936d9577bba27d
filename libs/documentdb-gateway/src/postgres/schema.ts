import { BATCH_REFUSED, packSqlState, TRANSACTION_TOO_OLD, WRITERS_MET } from '../errors/sql-states';
import type { SessionKey } from '../sessions/session-key';
import type { Session } from './database';

/** How long a batch of several clients' inserts waits for a lock before it is taken apart. */
const BATCH_LOCK_WAIT_MS = 50;

/**
 * The gateway's own tables and functions, beside DocumentDB's.
 *
 * `retryable_writes` holds, per session, the number of its last retryable write and the reply to it, written by the same
 * statement and so the same transaction as the write: either both are there or neither. One row a session, updated in place.
 * The advisory lock makes a retry wait for a first attempt that is still at work, whichever process had sent it.
 *
 * `unless_conflict` takes a write back that met another writer. The engine lists such a meeting among the write errors, as if
 * it were the client's; raised, it undoes the statement and its record, and the gateway sends the write again.
 *
 * `bulk_write` runs the parts of a client-level bulkWrite in one transaction, and records all their replies as one.
 */
const SCHEMA = `
create schema if not exists documentdb_gateway;

create table if not exists documentdb_gateway.retryable_writes (
  session bytea primary key,
  number bigint not null,
  success boolean not null,
  reply documentdb_core.bson not null,
  written_at timestamptz not null default now()
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

create or replace function documentdb_gateway.unless_conflict(result documentdb_core.bson, success boolean)
returns boolean
language plpgsql as $body$
begin
  if not success
     and documentdb_api_catalog.bson_dollar_in(result, '{ "writeErrors.code": [${WRITERS_MET.map(packSqlState).join()}] }') then
    raise exception 'WriteConflict: another writer was at the same documents' using errcode = 'serialization_failure';
  end if;
  return success;
end $body$;

create or replace function documentdb_gateway.write_once(
  verb text, db text, command documentdb_core.bson, documents documentdb_core.bsonsequence,
  session_id bytea, lock_key bigint, write_number bigint,
  out result documentdb_core.bson, out success boolean)
language plpgsql as $body$
declare last_number bigint;
begin
  perform pg_advisory_xact_lock(lock_key);
  select w.number, w.reply, w.success into last_number, result, success
    from documentdb_gateway.retryable_writes w where w.session = session_id;
  if last_number = write_number then return; end if;
  if last_number > write_number then
    raise exception 'Retryable write with txnNumber % is prohibited on this session because a newer one with txnNumber % has already run.',
      write_number, last_number using errcode = '${TRANSACTION_TOO_OLD}';
  end if;
  case verb
    when 'insert' then
      select w.p_result, w.p_success into result, success from documentdb_api.insert(db, command, documents, null) w;
    when 'update' then
      select w.p_result, w.p_success into result, success from documentdb_api.update(db, command, documents, null) w;
    when 'delete' then
      select w.p_result, w.p_success into result, success from documentdb_api.delete(db, command, documents, null) w;
    else
      select w.p_result, w.p_success into result, success from documentdb_api.find_and_modify(db, command, null) w;
  end case;
  perform documentdb_gateway.unless_conflict(result, success);
  insert into documentdb_gateway.retryable_writes as w (session, number, success, reply)
    values (session_id, write_number, coalesce(success, true), result)
    on conflict (session) do update
      set number = excluded.number, success = excluded.success, reply = excluded.reply, written_at = excluded.written_at;
end $body$;

create or replace function documentdb_gateway.bulk_write(
  verbs text[], dbs text[], commands bytea[], statements bytea[], ordered boolean,
  session_id bytea, lock_key bigint, write_number bigint,
  out results documentdb_core.bson)
language plpgsql as $body$
declare
  last_number bigint;
  one documentdb_core.bson;
  done boolean;
  parts text[] := '{}';
begin
  if session_id is not null then
    perform pg_advisory_xact_lock(lock_key);
    select w.number, w.reply into last_number, results
      from documentdb_gateway.retryable_writes w where w.session = session_id;
    if last_number = write_number then return; end if;
    if last_number > write_number then
      raise exception 'Retryable write with txnNumber % is prohibited on this session because a newer one with txnNumber % has already run.',
        write_number, last_number using errcode = '${TRANSACTION_TOO_OLD}';
    end if;
  end if;
  for i in 1 .. coalesce(array_length(verbs, 1), 0) loop
    case verbs[i]
      when 'insert' then
        select w.p_result, w.p_success into one, done
          from documentdb_api.insert(dbs[i], commands[i]::documentdb_core.bson, statements[i]::documentdb_core.bsonsequence, null) w;
      when 'update' then
        select w.p_result, w.p_success into one, done
          from documentdb_api.update(dbs[i], commands[i]::documentdb_core.bson, statements[i]::documentdb_core.bsonsequence, null) w;
      else
        select w.p_result, w.p_success into one, done
          from documentdb_api.delete(dbs[i], commands[i]::documentdb_core.bson, statements[i]::documentdb_core.bsonsequence, null) w;
    end case;
    perform documentdb_gateway.unless_conflict(one, done);
    parts := parts || ('"' || one::text || '"');
    exit when ordered and not done;
  end loop;
  results := ('{ "results": [' || array_to_string(parts, ',') || '] }')::documentdb_core.bson;
  if session_id is not null then
    insert into documentdb_gateway.retryable_writes as w (session, number, success, reply)
      values (session_id, write_number, true, results)
      on conflict (session) do update
        set number = excluded.number, success = excluded.success, reply = excluded.reply, written_at = excluded.written_at;
  end if;
end $body$;

create or replace function documentdb_gateway.insert_batch(
  db text, command documentdb_core.bson, documents documentdb_core.bsonsequence,
  session_ids bytea[], lock_keys bigint[], write_numbers bigint[], reply_each documentdb_core.bson)
returns void
language plpgsql as $body$
declare all_inserted boolean;
begin
  perform set_config('lock_timeout', '${BATCH_LOCK_WAIT_MS}ms', true);
  perform pg_advisory_xact_lock(k.key) from (select distinct unnest(lock_keys) as key order by 1) k;
  if exists (select from unnest(session_ids, write_numbers) as given (session, number)
               join documentdb_gateway.retryable_writes w on w.session = given.session and w.number >= given.number) then
    raise exception 'a retry is among them' using errcode = '${BATCH_REFUSED}';
  end if;
  select w.p_success into all_inserted from documentdb_api.insert(db, command, documents, null) w;
  if all_inserted is not true then
    raise exception 'not all could be inserted' using errcode = '${BATCH_REFUSED}';
  end if;
  insert into documentdb_gateway.retryable_writes as w (session, number, success, reply)
    select given.session, given.number, true, reply_each
      from unnest(session_ids, write_numbers) as given (session, number) order by given.session
    on conflict (session) do update
      set number = excluded.number, success = excluded.success, reply = excluded.reply, written_at = excluded.written_at;
end $body$;
`;

/** What the record of a committed transaction holds for a reply. */
const COMMITTED = `'{ "ok": 1.0 }'::documentdb_core.bson`;

/**
 * Commits, and leaves a record of it in the same transaction, in one round trip. The lock makes `wasCommitted` wait for a commit
 * that is still at work.
 */
export async function commitWithRecord(session: Session, { id, lock }: SessionKey, number: bigint): Promise<void> {
  await session.run(`
    select pg_advisory_xact_lock(${lock});
    insert into documentdb_gateway.retryable_writes as w (session, number, success, reply)
      values ('\\x${id.toString('hex')}', ${number}, true, ${COMMITTED})
      on conflict (session) do update
        set number = excluded.number, success = excluded.success, reply = excluded.reply, written_at = excluded.written_at;
    commit`);
}

/** Whether the session's last numbered work was the commit of `number`. */
export async function wasCommitted(session: Session, { id, lock }: SessionKey, number: bigint): Promise<boolean> {
  await session.query('awaitCommit', 'select pg_advisory_lock($1)', [lock]);
  try {
    const [row] = await session.query(
      'wasCommitted',
      `select number = $2 and reply::bytea = ${COMMITTED}::bytea as committed from documentdb_gateway.retryable_writes where session = $1`,
      [id, number],
    );
    return row?.committed === true;
  } finally {
    await session.query('commitAwaited', 'select pg_advisory_unlock($1)', [lock]);
  }
}

/** Any number, for the locks by namespace: what they are apart from the other locks by. */
const TURNS = 7_461_226;

/** Runs `work` when those have done who had come to the namespace by this way before: writers that stood in each other's way. */
export async function inTurn<T>(session: Session, namespace: string, work: () => Promise<T>): Promise<T> {
  await session.query('awaitTurn', 'select pg_advisory_lock($1, hashtext($2))', [TURNS, namespace]);
  try {
    return await work();
  } finally {
    await session.query('endTurn', 'select pg_advisory_unlock($1, hashtext($2))', [TURNS, namespace]);
  }
}

/** Any number: what keeps two gateways that start at once from creating the same things. */
const INSTALL_LOCK = 7_461_225;

/** Installs or renews the above; safe to run from several gateways at once. */
export async function installSchema(session: Session): Promise<void> {
  await session.run(
    `begin; select pg_advisory_xact_lock(${INSTALL_LOCK}); set local client_min_messages = warning; ${SCHEMA} commit`,
  );
}

/** Forgets retryable writes of sessions that have long expired. */
export async function forgetExpiredWrites(session: Session, olderThanMs: number): Promise<void> {
  await session.run(
    `delete from documentdb_gateway.retryable_writes where written_at < now() - interval '${olderThanMs} ms'`,
  );
}
