// All of a V1 binding, on an empty V1 index of 32 dimensions.
const values = (...first) => [...first, ...new Array(32 - first.length).fill(0)];

const STEPS = {
  insert: (index) =>
    index.insert([
      { id: "a", values: new Float32Array(values(1)), metadata: { kind: "x" } },
      { id: "b", values: values(1, 1), namespace: "n" },
    ]),
  insertAgain: (index) => index.insert([{ id: "b", values: values(9) }, { id: "c", values: values(3) }]),
  upsert: (index) => index.upsert([{ id: "c", values: values(4) }]),
  describe: (index) => index.describe(),
  query: (index) => index.query(values(1), { topK: 2, returnMetadata: true }),
  filter: (index) => index.query(values(1), { filter: { kind: "x" }, returnValues: false }),
  tooMany: (index) => index.query(values(1), { topK: 21 }),
  queryById: (index) => index.queryById("a"),
  getByIds: (index) => index.getByIds(["c", "never"]),
  deleteByIds: (index) => index.deleteByIds(["c", "never"]),
};

export default {
  async fetch(request, env) {
    const outcomes = {};
    for (const [name, step] of Object.entries(STEPS)) {
      try {
        outcomes[name] = await step(env.INDEX);
      } catch (error) {
        outcomes[name] = { error: error.message };
      }
    }
    return Response.json(outcomes);
  },
};
