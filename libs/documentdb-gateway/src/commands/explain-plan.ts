type Fields = Record<string, unknown>;

/** A node of PostgreSQL's plan, as `explain (format json)` gives it. */
export interface PlanNode extends Fields {
  'Node Type': string;
  'Index Name'?: string;
  'Index Cond'?: string;
  Plans?: PlanNode[];
}

/** A condition that every scan of a collection has, and that chooses none of its documents. */
const WHOLE_COLLECTION = /^\(shard_key_value = '\d+'::bigint\)$/;
const ONE_ID = /object_id OPERATOR\(documentdb_core\.=\) 'BSONHEX/;
const INDEX_SCANS = new Set(['Index Scan', 'Index Only Scan', 'Bitmap Index Scan']);

/**
 * MongoDB's names for how a plan of PostgreSQL finds its documents: `COLLSCAN`, `IDHACK`, or `FETCH` over `IXSCAN`, and `SORT`
 * above when the plan sorts. Of a join it tells the outermost side. A small collection is scanned though it has an index.
 */
export function stageOf(plan: PlanNode, sorted: boolean): Fields {
  const [first] = plan.Plans ?? [];
  switch (plan['Node Type']) {
    case 'Sort':
    case 'Incremental Sort':
      return { stage: 'SORT', inputStage: first ? stageOf(first, false) : { stage: 'EOF' } };
    case 'Bitmap Heap Scan':
      return fetched(first && indexStage(first, false));
    case 'Seq Scan':
      return { stage: 'COLLSCAN', direction: 'forward' };
    case 'Result':
      return first ? stageOf(first, sorted) : { stage: 'EOF' };
  }
  if (INDEX_SCANS.has(plan['Node Type'])) return fetched(indexStage(plan, sorted));
  return first ? stageOf(first, sorted) : { stage: 'COLLSCAN', direction: 'forward' };
}

function fetched(inputStage: Fields | null | undefined): Fields {
  if (!inputStage) return { stage: 'COLLSCAN', direction: 'forward' };
  return inputStage.stage === 'IDHACK' ? inputStage : { stage: 'FETCH', inputStage };
}

/** @returns null for an index that is read only to find the whole collection */
function indexStage(plan: PlanNode, sorted: boolean): Fields | null {
  if (plan['Node Type'] === 'BitmapOr' || plan['Node Type'] === 'BitmapAnd') {
    const inputStages = (plan.Plans ?? []).map((part) => indexStage(part, false));
    if (inputStages.includes(null) && plan['Node Type'] === 'BitmapOr') return null;
    return { stage: plan['Node Type'] === 'BitmapOr' ? 'OR' : 'AND_HASH', inputStages: inputStages.filter(Boolean) };
  }
  const condition = plan['Index Cond'] ?? '';
  const indexName = plan['Index Name'] ?? '';
  // Without a condition an index is read for the order of its entries.
  if (indexName === '_id_' && (condition === '' || WHOLE_COLLECTION.test(condition)) && !sorted) return null;
  if (indexName === '_id_' && ONE_ID.test(condition)) return { stage: 'IDHACK' };
  const direction = plan['Scan Direction'] === 'Backward' ? 'backward' : 'forward';
  return { stage: 'IXSCAN', indexName, direction };
}
