/** The whole scenario, inside a test; what it gave goes into vitest's report. */
import { env } from "cloudflare:workers";
import { it } from "vitest";
import { scenario } from "./scenario.mjs";

it("runs", { timeout: 60_000 }, async ({ task }) => {
  task.meta.outcomes = await scenario(env);
});
