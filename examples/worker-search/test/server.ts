/** Vitest's global set-up: a Vecinity server of the tests' own, with an empty index. */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DIMENSIONS } from "../src/embed";

const VECINITY = process.env.VECINITY ?? "vecinity";

export async function setup(): Promise<() => void> {
  const data = mkdtempSync(join(tmpdir(), "vecinity-"));
  const server = spawn(VECINITY, ["serve", "--port", "0", "--data", data]);
  const url = await listening(server.stdout, server.stderr);
  process.env.VECINITY_URL = url; // the plugin and the commands below read it
  command("create", "docs", "--dimensions", `${DIMENSIONS}`, "--metric", "cosine");
  command("create-metadata-index", "docs", "--property-name", "language", "--type", "string");
  return () => {
    server.kill();
    rmSync(data, { recursive: true, force: true });
  };
}

function command(...args: string[]): void {
  execFileSync(VECINITY, args);
}

/** The address in the line by which the server says that it is ready. */
async function listening(out: NodeJS.ReadableStream, errors: NodeJS.ReadableStream) {
  let said = "";
  errors.on("data", (text) => (said += text));
  for await (const line of createInterface({ input: out })) {
    const found = /listening on (http:\S+)/.exec(line);
    if (found) return found[1];
  }
  throw new Error(`vecinity did not start: ${said}`);
}
