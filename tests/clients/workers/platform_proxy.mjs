/**
 * The scenario over wrangler's getPlatformProxy, with the configuration in the current folder.
 *
 *   node platform_proxy.mjs NODE_MODULES
 */
import { createRequire } from "node:module";
import { scenario } from "./scenario.mjs";

const { getPlatformProxy } = createRequire(`${process.argv[2]}/`)("wrangler");
const proxy = await getPlatformProxy({ environment: "development", persist: false });
try {
  console.log(JSON.stringify(await scenario(proxy.env)));
} finally {
  await proxy.dispose();
}
