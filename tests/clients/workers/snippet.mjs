/**
 * Runs the snippet that `vecinity worker-config --format miniflare` prints, as options of Miniflare.
 *
 *   node snippet.mjs NODE_MODULES SNIPPET
 *
 * Prints what `describe()` of the binding INDEX gives.
 */
import { createRequire } from "node:module";

const [modules, snippet] = process.argv.slice(2);
const { Miniflare, convertV4MiniflareOptions } = createRequire(`${modules}/`)("miniflare");
const printed = new Function(`return {${snippet}\n}`)();
const asIn4 = { modules: true, script: "export default {}", compatibilityDate: "2026-01-01", ...printed };
const miniflare = new Miniflare(convertV4MiniflareOptions ? convertV4MiniflareOptions(asIn4) : asIn4);
const { INDEX } = await miniflare.getBindings();
console.log(JSON.stringify(await INDEX.describe()));
await miniflare.dispose();
