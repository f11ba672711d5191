import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import worker from "../src/index";

const DOCUMENTS = [
  { id: "cat", text: "How to feed a hungry cat", language: "en", customer: "pets" },
  { id: "dog", text: "Walking a dog in the rain", language: "en", customer: "pets" },
  { id: "katze", text: "Wie man eine Katze im Haus hält", language: "de", customer: "pets" },
  { id: "cats", text: "Cats, the musical: opening hours", language: "en", customer: "theatre" },
];

async function call(method: string, path: string, body?: unknown): Promise<[number, any]> {
  const init = { method, body: body === undefined ? undefined : JSON.stringify(body) };
  const response = await worker.fetch(new Request(`http://worker${path}`, init), env);
  return [response.status, await response.json()];
}

async function ids(query: string): Promise<string[]> {
  const [status, found] = await call("GET", `/search?${query}`);
  expect(status).toBe(200);
  return found.map((match: { id: string }) => match.id);
}

beforeAll(async () => {
  const [status, answer] = await call("POST", "/documents", DOCUMENTS);
  expect(status).toBe(202);
  expect(answer.mutationId).toMatch(/^[0-9a-f-]{36}$/);
});

describe("search", () => {
  it("finds the nearest document first, with its text", async () => {
    const [, [best]] = await call("GET", "/search?q=feed+the+cat&customer=pets");
    expect(best).toMatchObject({ id: "cat", text: "How to feed a hungry cat" });
  });

  it("stays with one customer", async () => {
    expect(await ids("q=cats&customer=theatre")).toEqual(["cats"]);
    expect(await ids("q=cats&customer=nobody")).toEqual([]);
  });

  it("filters by language before it counts the nearest", async () => {
    expect(await ids("q=feed+the+cat&customer=pets&language=de&limit=1")).toEqual(["katze"]);
  });

  it("says what Vectorize refuses", async () => {
    const [status, { error }] = await call("GET", "/search?q=cat&customer=pets&limit=51");
    expect(status).toBe(400);
    expect(error).toMatch(/^VECTOR_QUERY_ERROR \(code = 40025\): .* max top K is 50, but got 51;/);
  });
});

describe("documents", () => {
  it("are replaced in full", async () => {
    await call("POST", "/documents", [{ ...DOCUMENTS[1], text: "Dogs sleep", language: "fr" }]);
    const [, [best]] = await call("GET", "/search?q=dogs+sleep&customer=pets");
    expect(best).toMatchObject({ id: "dog", text: "Dogs sleep", language: "fr" });
  });

  it("are gone when they are deleted", async () => {
    const [status] = await call("DELETE", "/documents?id=katze&id=never-written");
    expect(status).toBe(200);
    expect(await ids("q=katze&customer=pets")).not.toContain("katze");
  });
});
