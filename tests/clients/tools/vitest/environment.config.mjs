/** The plugin of wrangler.json's environment `development` serves the binding. */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [
    cloudflareTest({ wrangler: { configPath: "./wrangler.json", environment: "development" } }),
  ],
});
