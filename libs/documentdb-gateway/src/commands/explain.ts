import { serialize } from 'bson';
import { MongoError } from '../errors/mongo-error';
import type { Command, Handler } from './command';
import { documentIn, documentsIn, listIn } from './fields';
import { stageOf, type PlanNode } from './explain-plan';
import { mendedStages } from './pipelines';
import { SERVER_VERSION } from './handshake';

type Fields = Record<string, unknown>;

/** A query for the engine to plan: the suffix of its planning function, and the spec that function takes. */
interface Planned {
  by: 'find' | 'pipeline' | 'count' | 'distinct';
  spec: Fields;
}

const ENVELOPE = new Set([
  'lsid',
  '$db',
  '$clusterTime',
  '$readPreference',
  'comment',
  'txnNumber',
  'readConcern',
  'writeConcern',
  'maxTimeMS',
  'explain',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
]);

const VERBOSITIES = new Set<unknown>(['queryPlanner', 'executionStats', 'allPlansExecution']);

/**
 * The engine explains in PostgreSQL's words: its plan is passed on whole, under MongoDB's names for the outermost parts. Of a
 * write it is the plan that finds the documents, which is what MongoDB's own answer is mostly about.
 */
export const explain: Handler = (command) => {
  const { verbosity } = command.document;
  if (verbosity === undefined || VERBOSITIES.has(verbosity)) {
    return explainOf(command, documentIn(command.document, 'explain'));
  }
  throw MongoError.of(
    'BadValue',
    `Enumeration value '${String(verbosity)}' for field 'explain.verbosity' is not a valid value.`,
  );
};

/**
 * The plan of `inner`, a command as its client would send it.
 * @throws MongoError CommandNotSupported for what has no plan, TypeMismatch
 */
export async function explainOf(command: Command, inner: Fields): Promise<Fields> {
  const { by, spec } = planned(inner);
  const rows = await command.run((session) =>
    session.query(
      `explain-${by}`,
      `explain (format json, costs false) select document from documentdb_api_catalog.bson_aggregation_${by}($1, $2::bytea::documentdb_core.bson)`,
      [command.db, Buffer.from(serialize(spec))],
    ),
  );
  const tree = (rows[0]!['QUERY PLAN'] as { Plan: PlanNode }[])[0]!.Plan;
  const [name = ''] = Object.keys(inner);
  return {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${command.db}.${String(inner[name])}`,
      parsedQuery: spec.filter ?? spec.query ?? {},
      winningPlan: { ...stageOf(tree, spec.sort !== undefined), postgres: tree },
      rejectedPlans: [],
    },
    ...(command.document.verbosity === 'queryPlanner' ? {} : { executionStats: { executionSuccess: true } }),
    command: { ...inner, $db: command.db },
    serverInfo: { host: command.gateway.address, version: SERVER_VERSION },
    ok: 1,
  };
}

/** @throws MongoError CommandNotSupported for what has no plan, TypeMismatch */
function planned(inner: Fields): Planned {
  const spec = Object.fromEntries(Object.entries(inner).filter(([name]) => !ENVELOPE.has(name)));
  const [name = ''] = Object.keys(inner);
  const collection = inner[name];
  switch (name) {
    case 'find':
    case 'count':
    case 'distinct':
      return { by: name, spec };
    case 'aggregate':
      return {
        by: 'pipeline',
        spec: { ...spec, pipeline: mendedStages(listIn(spec, 'pipeline')), cursor: spec.cursor ?? {} },
      };
    case 'update':
    case 'delete': {
      const [statement = {}] = documentsIn(inner, name === 'update' ? 'updates' : 'deletes');
      return { by: 'find', spec: { find: collection, filter: statement.q ?? {} } };
    }
    case 'findAndModify':
    case 'findandmodify': {
      const { query = {}, sort } = inner;
      return { by: 'find', spec: { find: collection, filter: query, ...(sort ? { sort } : {}), limit: 1 } };
    }
    default:
      throw MongoError.of('CommandNotSupported', `explain of ${name} is not supported`);
  }
}
