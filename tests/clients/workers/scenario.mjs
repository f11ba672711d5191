/**
 * Everything that a Worker can ask of a Vectorize binding, step by step, as one JSON value.
 *
 * `scenario(env)` returns, for each binding in `env` that it knows, what each step gave: the
 * result, or `{error, cause}`. The default export is a Worker that answers with it; Node programs
 * call it with the bindings that they have. What must come out is in expected.py.
 */

const DIMENSIONS = 32;

/** A vector at a place on the first axis. */
function at(place, type = Array) {
  const values = new type(DIMENSIONS).fill(0);
  values[0] = place;
  return values;
}

/** Any iterable of numbers will do for a query's vector. */
const RISING = new Set(Array.from({ length: DIMENSIONS }, (_, n) => n / 1e6));

/** So many vectors, far from all others. */
function many(count) {
  return Array.from({ length: count }, (_, n) => ({ id: `many-${n}`, values: at(1000 + n) }));
}

const manyIds = (count) => Array.from({ length: count }, (_, n) => `many-${n}`);
const ids = async (answer) => (await answer).matches.map((match) => match.id);

const VECTORS = [
  {
    id: "one",
    values: at(1),
    namespace: "odd",
    metadata: { kind: "red", n: 1, ok: true, tags: ["x", "y"] },
  },
  {
    id: "two",
    values: at(2.5, Float32Array),
    namespace: "even",
    metadata: { kind: "green", n: 2, ok: false, place: { city: "Rome" } },
  },
  { id: "three", values: at(4.25, Float64Array), metadata: { kind: "x".repeat(70), n: 3 } },
  { id: "tenth", values: at(0.1, Float64Array) },
];

const METHODS = {
  describe: (index) => index.describe(),
  query: (index) => index.query(at(0)),
  queryById: (index) => index.queryById("one"),
  insert: (index) => index.insert([{ id: "one", values: at(1) }]),
  upsert: (index) => index.upsert([{ id: "one", values: at(1) }]),
  getByIds: (index) => index.getByIds(["one"]),
  deleteByIds: (index) => index.deleteByIds(["one"]),
};

const WRITES = {
  "describe: nothing stored": (index) => index.describe(),
  "query: nothing stored": (index) => index.query(at(0)),
  "insert: number[], Float32Array, Float64Array": (index) => index.insert(VECTORS),
  "getByIds: what was inserted": (index) => index.getByIds(VECTORS.map(({ id }) => id)),
  "insert: known and new ids": (index) =>
    index.insert([
      { id: "one", values: at(9) },
      { id: "new", values: at(0.1, Float32Array) },
    ]),
  "getByIds: the known one is kept": (index) => index.getByIds(["new", "one"]),
  "upsert: number[]": (index) =>
    index.upsert([{ id: "new", values: at(7), namespace: "odd", metadata: { n: 7 } }]),
  "getByIds: replaced": (index) => index.getByIds(["new"]),
  "upsert: Float32Array": (index) => index.upsert([{ id: "new", values: at(7.5, Float32Array) }]),
  "getByIds: replaced in full": (index) => index.getByIds(["new"]),
  "upsert: Float64Array": (index) => index.upsert([{ id: "new", values: at(8, Float64Array) }]),
  "upsert: the last of two wins": (index) =>
    index.upsert([
      { id: "new", values: at(20) },
      { id: "new", values: at(30) },
    ]),
  "getByIds: the last of two": (index) => index.getByIds(["new"]),
  "upsert: unknown field": (index) =>
    index.upsert([{ id: "new", values: at(40), colour: "red", namespace: null, metadata: {} }]),
  "getByIds: order, repetition, unknown": (index) =>
    index.getByIds(["new", "nobody", "one", "new"]),
  "getByIds: nothing": (index) => index.getByIds([]),
  "deleteByIds: known and unknown": (index) => index.deleteByIds(["new", "nobody"]),
  "deleteByIds: unknown": (index) => index.deleteByIds(["nobody"]),
  "deleteByIds: nothing": (index) => index.deleteByIds([]),
  "getByIds: deleted": (index) => index.getByIds(["new"]),
  "insert: 1,000": (index) => index.insert(many(1_000)),
  "upsert: 1,000": (index) => index.upsert(many(1_000)),
  "describe: 1,004 stored": (index) => index.describe(),
  "deleteByIds: 100": (index) => index.deleteByIds(manyIds(100)),
  "getByIds: 20": async (index) => (await index.getByIds(manyIds(120).slice(90, 110))).length,
  "describe: 904 stored": (index) => index.describe(),
};

const QUERIES = {
  "query: number[]": (index) => index.query(at(0.5)),
  "query: Float32Array": (index) => index.query(at(0.5, Float32Array)),
  "query: Float64Array": (index) => index.query(at(0.5, Float64Array)),
  "query: an iterable": (index) => ids(index.query(RISING)),
  "query: topK": (index) => ids(index.query(at(0), { topK: 2 })),
  "query: topK 100": async (index) => (await index.query(at(0), { topK: 100 })).count,
  "query: namespace": (index) => ids(index.query(at(0), { namespace: "even" })),
  "query: unknown namespace": (index) => index.query(at(0), { namespace: "none" }),
  "query: returnValues": (index) => index.query(at(0), { topK: 1, returnValues: true }),
  "query: returnValues false": (index) => index.query(at(0), { topK: 1, returnValues: false }),
  "query: returnMetadata true": (index) => index.query(at(0), { topK: 4, returnMetadata: true }),
  "query: returnMetadata all": (index) => index.query(at(2), { topK: 1, returnMetadata: "all" }),
  "query: returnMetadata indexed": (index) =>
    index.query(at(0), { topK: 4, returnMetadata: "indexed" }),
  "query: returnMetadata none": (index) => index.query(at(1), { topK: 1, returnMetadata: "none" }),
  "query: all options": (index) =>
    index.query(at(2), {
      topK: 50,
      namespace: "even",
      filter: { kind: "green" },
      returnValues: true,
      returnMetadata: "all",
    }),
  "query: undefined options": (index) =>
    index.query(at(1), { topK: 1, namespace: undefined, filter: undefined }),
  "query: unknown option": (index) => ids(index.query(at(0), { topK: 1, colour: "red" })),
  "queryById: itself first": (index) => index.queryById("two", { topK: 2 }),
  "queryById: all options": (index) =>
    index.queryById("two", {
      topK: 50,
      namespace: "odd",
      filter: { n: { $lt: 2 } },
      returnValues: true,
      returnMetadata: true,
    }),
  "queryById: unknown": (index) => index.queryById("nobody"),
};

const FILTERS = {
  string: { kind: "red" },
  number: { n: 2 },
  boolean: { ok: false },
  null: { ok: null },
  $eq: { kind: { $eq: "green" } },
  $ne: { kind: { $ne: "green" }, n: { $gt: 0 } },
  $in: { kind: { $in: ["red", "green"] } },
  $nin: { kind: { $nin: ["red", "green"] }, n: { $gt: 0 } },
  $gt: { n: { $gt: 2 } },
  $gte: { n: { $gte: 2 } },
  $lt: { n: { $lt: 2 } },
  $lte: { n: { $lte: 2 } },
  "a range": { n: { $gt: 1, $lte: 2 } },
  "a prefix": { kind: { $gte: "gr", $lt: "gs" } },
  "the first 64 bytes": { kind: "x".repeat(64) },
  "a nested property": { "place.city": "Rome" },
  "two properties": { kind: "red", n: { $gte: 2 } },
  "no metadata index": { tags: "x" },
};

const WRONG_FILTERS = {
  empty: {},
  "an array": [],
  "an unknown operator": { n: { $near: 1 } },
  "a dollar sign": { $or: [{ n: 1 }] },
  "two lower bounds": { n: { $gt: 1, $gte: 2 } },
  "$in without an array": { n: { $in: 1 } },
  "a range of booleans": { n: { $gt: true } },
  "a mixed range": { n: { $gt: 1, $lt: "2" } },
  "an object": { n: { $eq: {} } },
  "too long a key": { ["k".repeat(513)]: 1 },
  "2,048 bytes": { kind: "x".repeat(2037) },
};

const ERRORS = {
  "40006: 3 dimensions": (index) => index.query([1, 2, 3]),
  "40006: Float32Array": (index) => index.query(new Float32Array(31)),
  "40006: no array": (index) => index.query({}),
  "40006: an infinite float32": (index) => index.query(at(1e300)),
  "40007: getByIds": (index) => index.getByIds(manyIds(21)),
  "40007: deleteByIds": (index) => index.deleteByIds(manyIds(101)),
  "40008: insert": (index) => index.insert([{ id: "i".repeat(65), values: at(1) }]),
  "40008: upsert": (index) => index.upsert([{ id: "", values: at(1) }]),
  "40008: queryById": (index) => index.queryById("i".repeat(65)),
  "40008: getByIds": (index) => index.getByIds(["é".repeat(33)]),
  "40008: deleteByIds": (index) => index.deleteByIds(["one", "i".repeat(65)]),
  "40009: insert": (index) =>
    index.insert([{ id: "a", values: at(1), namespace: "n".repeat(65) }]),
  "40009: query": (index) => index.query(at(0), { namespace: "n".repeat(65) }),
  "40012: insert": (index) => index.insert([VECTORS[0], { id: "short", values: [1, 2] }]),
  "40012: upsert": (index) =>
    index.upsert([{ id: "long", values: new Float32Array(DIMENSIONS + 1) }]),
  "40012: an infinite float32": (index) => index.upsert([{ id: "a", values: at(1e300) }]),
  "40015: insert": (index) => index.insert([{ id: "a", values: at(1), metadata: { "a.b": 1 } }]),
  "40016: upsert": (index) =>
    index.upsert([{ id: "a", values: at(1), metadata: { text: "x".repeat(10_240) } }]),
  "40023: insert, empty": (index) => index.insert([]),
  "40023: upsert, empty": (index) => index.upsert([]),
  "40023: a hole in the values": (index) =>
    index.insert([VECTORS[0], { id: "a", values: new Array(DIMENSIONS) }]),
  "40023: NaN": (index) => index.upsert([{ id: "a", values: at(NaN, Float32Array) }]),
  "40024: insert": (index) => index.insert(many(1_001)),
  "40024: upsert": (index) => index.upsert(many(1_001)),
  "40025: over 100": (index) => index.query(at(0), { topK: 101 }),
  "40025: over 50 with values": (index) => index.query(at(0), { topK: 51, returnValues: true }),
  "40025: over 50 with metadata": (index) =>
    index.queryById("one", { topK: 51, returnMetadata: true }),
  "40025: below 1": (index) => index.query(at(0), { topK: 0 }),
  "40026: returnMetadata false": (index) => index.query(at(0), { returnMetadata: false }),
  "40026: returnMetadata false by id": (index) =>
    index.queryById("one", { returnMetadata: false }),
  "40026: topK": (index) => index.query(at(0), { topK: "5" }),
  "40026: ids": (index) => index.getByIds([1]),
  "40026: an option named vectorId": (index) => index.query(at(0), { vectorId: "one" }),
  "10413: over 100 MB": (index) =>
    index.upsert([{ id: "a", values: at(1), metadata: { text: "x".repeat(100_000_000) } }]),
  "local: returnMetadata": (index) => index.query(at(0), { returnMetadata: "some" }),
  "describe: nothing was written": (index) => index.describe(),
};

function withFilters(filters, ask) {
  return Object.fromEntries(
    Object.entries(filters).map(([name, filter]) => [
      `filter: ${name}`,
      (index) => ask(index.query(at(0), { filter })),
    ]),
  );
}

const STEPS = {
  INDEX: {
    ...WRITES,
    ...QUERIES,
    ...withFilters(FILTERS, ids),
    ...withFilters(WRONG_FILTERS, (answer) => answer),
    ...ERRORS,
  },
  MISSING: METHODS,
  DELETED: METHODS,
  FULL: { insert: (index) => index.insert([{ id: "a", values: at(1), namespace: "new" }]) },
};

async function outcome(step, index) {
  try {
    return await step(index);
  } catch (error) {
    return { error: error.message, cause: error.cause?.message };
  }
}

/** What every step gave, by binding and by the step's name. */
export async function scenario(env) {
  const outcomes = {};
  for (const [binding, steps] of Object.entries(STEPS)) {
    if (!(binding in env)) continue;
    outcomes[binding] = {};
    for (const [name, step] of Object.entries(steps)) {
      outcomes[binding][name] = await outcome(step, env[binding]);
    }
  }
  return outcomes;
}

export default {
  async fetch(request, env) {
    return Response.json(await scenario(env));
  },
};
