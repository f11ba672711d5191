/**
 * LangChain's store in Node, on the binding that wrangler's getPlatformProxy gives.
 *
 *   node langchain_node.mjs NODE_MODULES_OF_WRANGLER
 */
import { createRequire } from "node:module";
import { scenario } from "./langchain.mjs";

const { getPlatformProxy } = createRequire(`${process.argv[2]}/`)("wrangler");
const proxy = await getPlatformProxy({ environment: "development", persist: false });
try {
  console.log(JSON.stringify(await scenario(proxy.env.INDEX)));
} finally {
  await proxy.dispose();
}
