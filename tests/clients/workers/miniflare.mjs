/**
 * The scenario over miniflare's own remote bindings, where the server is the remote end.
 *
 *   node miniflare.mjs NODE_MODULES RUNS
 *
 * RUNS is JSON: by any name, `{where, bindings}` with `where` "worker" or "node" and for each
 * binding its index and the address of the server. Prints what each gave, by its name.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { scenario } from "./scenario.mjs";

const [modules, runs] = process.argv.slice(2);
const { Miniflare, convertV4MiniflareOptions } = createRequire(`${modules}/`)("miniflare");

const script = readFileSync(new URL("scenario.mjs", import.meta.url), "utf8");

function options(bindings) {
  const vectorize = {};
  for (const [name, { index, url }] of Object.entries(bindings)) {
    vectorize[name] = { index_name: index, remoteProxyConnectionString: new URL(url) };
  }
  const asIn4 = { modules: true, script, compatibilityDate: "2026-01-01", vectorize };
  return convertV4MiniflareOptions ? convertV4MiniflareOptions(asIn4) : asIn4;
}

async function run({ where, bindings }) {
  const miniflare = new Miniflare(options(bindings));
  try {
    if (where === "node") return await scenario(await miniflare.getBindings());
    return await (await miniflare.dispatchFetch("http://localhost/")).json();
  } finally {
    await miniflare.dispose();
  }
}

const outcomes = {};
for (const [name, each] of Object.entries(JSON.parse(runs))) outcomes[name] = await run(each);
console.log(JSON.stringify(outcomes));
