// Runs with the `cloudflare` npm package: every body and method, results as one JSON value.

import { createReadStream, writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [modules, name] = process.argv.slice(2);
const { default: Cloudflare, toFile } = await import(`${modules}/cloudflare/index.mjs`);
const account_id = process.env.CLOUDFLARE_ACCOUNT_ID;
const client = new Cloudflare({ baseURL: process.env.CLOUDFLARE_BASE_URL, maxRetries: 0 });
const indexes = client.vectorize.indexes;
const where = { account_id };
const out = {};

const line = (id, first, more = {}) =>
  JSON.stringify({ id, values: [first, ...Array(31).fill(1)], ...more });

async function outcome(call) {
  try {
    const found = await call();
    return found?.mutationId ? "written" : found;
  } catch (error) {
    if (!(error instanceof Cloudflare.APIError)) throw error;
    return [error.constructor.name, error.status, error.errors[0].code];
  }
}

const send = (operation, body) =>
  outcome(() => indexes[operation](name, { ...where, body }));

out.missing = await outcome(() => indexes.get(name, where));
const config = { dimensions: 32, metric: "cosine" };
out.create = await indexes.create({ ...where, name, config });
out.duplicate = await outcome(() => indexes.create({ ...where, name, config }));
out.listed = [];
for await (const index of indexes.list(where)) out.listed.push(index.name);
const kind = { ...where, propertyName: "kind", indexType: "string" };
out.metadataIndex = await outcome(() => indexes.metadataIndex.create(name, kind));
out.metadataIndexes = await indexes.metadataIndex.list(name, where);

const folder = mkdtempSync(join(tmpdir(), "vecinity-"));
const path = join(folder, "vectors.ndjson");
writeFileSync(path, line("stream", 6.5));
out.string = await send("insert", line("string", 1.5, { metadata: { kind: "x" }, namespace: "n" }));
out.file = await send("upsert", new File([line("file", 2.5)], "vectors.ndjson"));
out.toFile = await send("upsert", await toFile(Buffer.from(line("toFile", 3.5)), "v.ndjson"));
out.buffer = await send("insert", Buffer.from(line("buffer", 4.5)));
out.stream = await send("insert", createReadStream(path));
out.broken = await send("insert", new File(["nonsense"], "v.ndjson"));

const names = indexes.getByIDs ? ["getByIDs", "deleteByIDs"] : ["getByIds", "deleteByIds"];
const [getByIds, deleteByIds] = names;
out.info = await indexes.info(name, where);
const vector = [1.5, ...Array(31).fill(1)];
out.query = await indexes.query(name, { ...where, vector, topK: 1, returnMetadata: "all" });
out.filtered = await indexes.query(name, { ...where, vector, filter: { kind: "x" } });
out.wrong = await outcome(() => indexes.query(name, { ...where, vector: [1] }));
out.byIds = await indexes[getByIds](name, { ...where, ids: ["file", "nobody"] });
if (indexes.listVectors) out.page = await indexes.listVectors(name, { ...where, count: 2 });
out.deleted = await outcome(() => indexes[deleteByIds](name, { ...where, ids: ["file"] }));
out.count = (await indexes.info(name, where)).vectorCount;
const property = { ...where, propertyName: "kind" };
out.dropped = await outcome(() => indexes.metadataIndex.delete(name, property));
out.delete = await indexes.delete(name, where);
console.log(JSON.stringify(out));
