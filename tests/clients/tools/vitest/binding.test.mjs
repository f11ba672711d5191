/** Tests as a user writes them: of the binding, and of the Worker that has it. */
import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";

const at = (place) => Array.from({ length: 32 }, (_, n) => (n === 0 ? place : 0));

beforeAll(async () => {
  const { mutationId } = await env.INDEX.upsert([
    { id: "one", values: at(1), metadata: { title: "One" } },
    { id: "two", values: new Float32Array(at(2)), metadata: { title: "Two" } },
  ]);
  expect((await env.INDEX.describe()).processedUpToMutation).toBe(mutationId);
});

it("queries", async () => {
  const found = await env.INDEX.query(at(0), { topK: 1 });
  expect(found).toEqual({ count: 1, matches: [{ id: "one", score: 1 }] });
});

it("gets and deletes", async () => {
  await env.INDEX.upsert([{ id: "gone", values: at(9) }]);
  expect(await env.INDEX.getByIds(["gone"])).toEqual([{ id: "gone", values: at(9) }]);
  await env.INDEX.deleteByIds(["gone"]);
  expect(await env.INDEX.getByIds(["gone"])).toEqual([]);
});

it("throws Cloudflare's errors", async () => {
  await expect(env.INDEX.query([1, 2])).rejects.toThrow(
    "VECTOR_QUERY_ERROR (code = 40006): " +
      "invalid query vector, expected 32 dimensions, and got 2 dimensions",
  );
});

it("answers", async () => {
  const answer = await exports.default.fetch("http://example.com/");
  expect(await answer.json()).toEqual({ title: "Two" });
});

it("fails on purpose", async () => {
  expect((await env.INDEX.describe()).dimensions).toBe(31);
});
