/** No plugin, no configuration of wrangler's: the server is miniflare's remote end. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const remoteProxyConnectionString = new URL(process.env.BINDING_URL);

export default defineConfig({
  plugins: [
    cloudflareTest({
      main: "./worker.mjs",
      miniflare: {
        compatibilityDate: "2026-01-01",
        compatibilityFlags: ["nodejs_compat"],
        vectorize: { INDEX: { index_name: "any", remoteProxyConnectionString } },
      },
    }),
  ],
});
