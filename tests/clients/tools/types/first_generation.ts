/** The same index by wrangler's own type: these lines must not compile. */
export async function write(env: Env): Promise<string> {
  const { mutationId } = await env.INDEX.upsert([]);
  return mutationId;
}

export async function like(env: Env): Promise<number> {
  return (await env.INDEX.queryById("a")).count;
}
