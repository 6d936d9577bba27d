import { CODES } from '../errors/mongo-error';
import {
  BATCH_REFUSED,
  DUPLICATES_RAISED,
  engineStatesOf,
  packSqlState,
  TRANSACTION_TOO_OLD,
  UNIQUE_VIOLATIONS,
  WRITERS_MET,
} from '../errors/sql-states';
import type { SessionKey } from './session-key';
import type { Session } from './session';

/** How long a batch of several clients' inserts waits for a lock before it is taken apart. */
const BATCH_LOCK_WAIT_MS = 10;

/** What the record of a committed transaction holds for a reply. */
const COMMITTED = `'{ "ok": 1.0 }'::documentdb_core.bson`;

/** PostgreSQL's states and the engine's own for the same, as the engine lists them among the write errors. */
const packed = (states: readonly string[], code: number): string =>
  [...states, ...engineStatesOf(code)].map(packSqlState).join();

/**
 * The gateway's own tables and functions, beside DocumentDB's.
 *
 * `retryable_writes` holds, per session, the number of its last retryable write and the reply to it, written by the same
 * statement and so the same transaction as the write: either both are there or neither. One row a session, updated in place.
 * The advisory lock makes a retry wait for a first attempt that is still at work, whichever process had sent it.
 *
 * `unless_met` takes a write back that met another writer. The engine lists such a meeting among the write errors, as if it were the
 * client's; raised, it undoes the statement and its record, and the gateway sends the write again. Duplicate keys are raised as well
 * where the gateway asks for it.
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

create or replace function documentdb_gateway.unless_met(
  result documentdb_core.bson, success boolean, raise_duplicates boolean)
returns boolean
language plpgsql as $body$
begin
  if not success
     and documentdb_api_catalog.bson_dollar_in(result, '{ "writeErrors.code": [${packed(WRITERS_MET, CODES.WriteConflict)}] }') then
    raise exception 'WriteConflict: another writer was at the same documents' using errcode = 'serialization_failure';
  end if;
  if raise_duplicates and not success
     and documentdb_api_catalog.bson_dollar_in(result, '{ "writeErrors.code": [${packed(UNIQUE_VIOLATIONS, CODES.DuplicateKey)}] }') then
    raise exception '%', result::text using errcode = '${DUPLICATES_RAISED}';
  end if;
  return success;
end $body$;

create or replace function documentdb_gateway.write_once(
  verb text, db text, command documentdb_core.bson, documents documentdb_core.bsonsequence,
  session_id bytea, lock_key bigint, write_number bigint, raise_duplicates boolean,
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
  perform documentdb_gateway.unless_met(result, success, raise_duplicates);
  insert into documentdb_gateway.retryable_writes as w (session, number, success, reply)
    values (session_id, write_number, coalesce(success, true), result)
    on conflict (session) do update
      set number = excluded.number, success = excluded.success, reply = excluded.reply, written_at = excluded.written_at;
end $body$;

-- The lock is waited for in a statement of its own, so that the next sees what was committed meanwhile.
create or replace function documentdb_gateway.was_committed(session_id bytea, lock_key bigint, transaction_number bigint)
returns boolean
language plpgsql as $body$
begin
  perform pg_advisory_xact_lock(lock_key);
  return exists (select from documentdb_gateway.retryable_writes w
                  where w.session = session_id and w.number = transaction_number and w.reply::bytea = ${COMMITTED}::bytea);
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
    perform documentdb_gateway.unless_met(one, done, false);
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
  const [row] = await session.query(
    'wasCommitted',
    'select documentdb_gateway.was_committed($1, $2, $3) as committed',
    [id, lock, number],
  );
  return row?.committed === true;
}

/** Whether a retryable write has happened, or a later one of its session: it would be answered from the record. */
export async function isRecorded(session: Session, { id }: SessionKey, number: bigint): Promise<boolean> {
  const rows = await session.query(
    'isRecorded',
    'select 1 from documentdb_gateway.retryable_writes where session = $1 and number >= $2',
    [id, number],
  );
  return rows.length > 0;
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
