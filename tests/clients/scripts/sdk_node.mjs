// Runs with the `cloudflare` npm package: every body and method, results as one JSON value.

import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [modules, name] = process.argv.slice(2);
const { default: Cloudflare, toFile } = await import(`${modules}/cloudflare/index.mjs`);
const indexes = new Cloudflare({ maxRetries: 0 }).vectorize.indexes;
const where = { account_id: process.env.CLOUDFLARE_ACCOUNT_ID };
const out = {};

const values = (first) => [first, ...Array(31).fill(1)];
const line = (id, first, more = {}) => JSON.stringify({ id, values: values(first), ...more });

/** The answer, or the error that the client threw. */
async function outcome(answer) {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof Cloudflare.APIError)) throw error;
    const [{ code, message }] = error.errors;
    return [error.constructor.name, error.status, code, message];
  }
}

out.missing = await outcome(indexes.get(name, where));
const index = { ...where, name, config: { dimensions: 32, metric: "euclidean" } };
out.create = await outcome(indexes.create(index));
out.duplicate = await outcome(indexes.create(index));
out.get = await outcome(indexes.get(name, where));
out.listed = [];
for await (const found of indexes.list(where)) out.listed.push(found);
const property = { ...where, propertyName: "kind" };
const typed = { ...property, indexType: "string" };
out.metadataIndex = await outcome(indexes.metadataIndex.create(name, typed));
out.metadataIndexes = await outcome(indexes.metadataIndex.list(name, where));

const folder = mkdtempSync(join(tmpdir(), "vecinity-"));
const path = join(folder, "vectors.ndjson");
writeFileSync(path, line("stream", 5.5));
const bodies = {
  string: line("string", 1.5, { namespace: "n", metadata: { kind: "x" } }),
  file: new File([line("file", 2.5, { metadata: { kind: "y" } })], "vectors.ndjson"),
  toFile: await toFile(Buffer.from(line("toFile", 3.5)), "vectors.ndjson"),
  buffer: Buffer.from(line("buffer", 4.5)),
  stream: createReadStream(path),
};
out.writes = {};
for (const [id, body] of Object.entries(bodies))
  out.writes[id] = await outcome(indexes.insert(name, { ...where, body }));
rmSync(folder, { recursive: true });

const broken = (behavior) => {
  const body = new File([`${line("file", 6.5, { metadata: { kind: "y" } })}\nnonsense`], "v");
  return indexes.upsert(name, { ...where, body, "unparsable-behavior": behavior });
};
out.error = await outcome(broken("error"));
out.discard = await outcome(broken("discard"));
out.info = await outcome(indexes.info(name, where));

// 7 spells the last letter large.
const [getByIds, deleteByIds] = indexes.getByIDs
  ? ["getByIDs", "deleteByIDs"]
  : ["getByIds", "deleteByIds"];
out.stored = await outcome(indexes[getByIds](name, { ...where, ids: Object.keys(bodies) }));
const query = { ...where, vector: values(1.5) };
out.query = await outcome(indexes.query(name, { ...query, topK: 1, returnMetadata: "all" }));
out.filtered = await outcome(
  indexes.query(name, { ...query, filter: { kind: { $ne: "x" } }, returnMetadata: "indexed" }),
);
out.wrongDimensions = await outcome(indexes.query(name, { ...where, vector: [1] }));
out.page = await outcome(indexes.listVectors(name, { ...where, count: 2 }));
const cursor = out.page.nextCursor;
out.rest = await outcome(indexes.listVectors(name, { ...where, cursor }));
out.deleteVectors = await outcome(indexes[deleteByIds](name, { ...where, ids: ["file"] }));
out.left = await outcome(indexes.info(name, where));
out.dropMetadataIndex = await outcome(indexes.metadataIndex.delete(name, property));
out.delete = await outcome(indexes.delete(name, where));
out.gone = await outcome(indexes.info(name, where));
console.log(JSON.stringify(out));
