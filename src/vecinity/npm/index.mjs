/**
 * A plugin for miniflare 4 and 5: the Worker's Vectorize bindings work, on a Vecinity server.
 *
 * An `unsafe` binding of wrangler's configuration names it, beside the plain `vectorize` entries:
 *
 *   { "name": "VECINITY", "type": "vecinity",
 *     "dev": { "plugin": { "package": "vecinity", "name": "vecinity" }, "options": {} } }
 *
 * miniflare builds workerd's genuine binding for each entry, so methods and error texts are
 * Cloudflare's own; only the service behind it, which would be remote, is replaced by the server.
 *
 * Options: url, account, token. Without them VECINITY_URL, VECINITY_ACCOUNT and VECINITY_TOKEN
 * count, else a server on this machine that was started without a token.
 */
import { createHash } from "node:crypto";

const NAME = "vecinity";
const MODULE = "cloudflare-internal:vectorize-api";
const DEFAULTS = {
  url: process.env.VECINITY_URL || "http://127.0.0.1:8328",
  account: process.env.VECINITY_ACCOUNT || "local",
  token: process.env.VECINITY_TOKEN || "local",
};

/** Sends what a binding asks to the server, and says so when there is none. */
const FORWARDER = `export default {
  async fetch(request, { SERVER, ORIGIN, HEADERS }) {
    const { pathname } = new URL(request.url);
    const forwarded = new Request(ORIGIN + pathname, request);
    for (const [name, value] of Object.entries(HEADERS)) forwarded.headers.set(name, value);
    try {
      return await SERVER.fetch(forwarded);
    } catch (error) {
      const text = "no Vecinity server at " + ORIGIN + " (start it with: vecinity serve): ";
      return Response.json({ error: text + error.message }, { status: 503 });
    }
  },
};`;

/** The options of the Worker's binding that names this plugin, or undefined. */
function ours(worker) {
  if (Array.isArray(worker)) return worker[0]?.options; // miniflare 4: the plugin's own bindings
  const bindings = Object.values(worker?.config?.env ?? {}); // miniflare 5: all of the Worker
  return bindings.find((binding) => binding.dev?.plugin?.name === NAME)?.dev.options;
}

/** Where the server is, and what it must be told, from the options. */
function server(options) {
  for (const [option, value] of Object.entries(options)) {
    if (!(option in DEFAULTS)) {
      const known = Object.keys(DEFAULTS).join(", ");
      throw new TypeError(`${NAME}: unknown option "${option}"; there are ${known}`);
    }
    if (typeof value !== "string" || !value) {
      throw new TypeError(`${NAME}: option "${option}" must be a text`);
    }
  }
  const { url, account, token } = { ...DEFAULTS, ...options };
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new TypeError(`${NAME}: option "url" must be an http or https address, got "${url}"`);
  }
  return { origin: new URL(url).origin, account, token };
}

/** The inner bindings of every Vectorize binding, by the binding's name. */
function vectorizeBindings(workerBindings) {
  return workerBindings
    .filter((binding) => binding.wrapped?.moduleName === MODULE)
    .map(({ name, wrapped }) => {
      const inner = Object.fromEntries(wrapped.innerBindings.map((each) => [each.name, each]));
      return { name, index: inner.indexId.text, fetcher: inner.fetcher };
    });
}

/** The services through which a binding reaches one index. */
function services({ origin, account, token }, index) {
  const headers = {
    authorization: `Bearer ${token}`,
    "x-vectorize-account": account,
    "x-vectorize-index": index,
  };
  const identity = createHash("sha256").update(JSON.stringify([origin, headers])).digest("hex");
  const name = `${NAME}:${index}:${identity.slice(0, 16)}`;
  const forwarder = {
    modules: [{ name: "forwarder.mjs", esModule: FORWARDER }],
    compatibilityDate: "2024-09-02",
    bindings: [
      { name: "SERVER", service: { name: `${name}:server` } },
      { name: "ORIGIN", text: origin },
      { name: "HEADERS", json: JSON.stringify(headers) },
    ],
  };
  return [
    { name, worker: forwarder },
    { name: `${name}:server`, external: external(origin) },
  ];
}

function external(origin) {
  const { protocol, hostname, port } = new URL(origin);
  if (protocol === "http:") return { address: `${hostname}:${port || 80}`, http: {} };
  const https = { options: {}, tlsOptions: { trustBrowserCas: true }, certificateHost: hostname };
  return { address: `${hostname}:${port || 443}`, https };
}

export const plugins = {
  [NAME]: {
    getBindings: () => [],
    getNodeBindings: () => ({}),
    getServices({ options: worker, workerBindings, log }) {
      const options = ours(worker);
      if (options === undefined) return [];
      const target = server(options);
      return vectorizeBindings(workerBindings).flatMap(({ name, index, fetcher }) => {
        log?.info(`env.${name} is the index ${index} of Vecinity at ${target.origin}`);
        const added = services(target, index);
        fetcher.service = { name: added[0].name };
        return added;
      });
    },
  },
};
