/** A Worker in strict TypeScript, with the types that wrangler makes from its configuration. */
export default {
  async fetch(request, env): Promise<Response> {
    // wrangler's type is of the first generation of Vectorize, whose writes gave no mutation id.
    const index = env.INDEX as unknown as Vectorize;
    const { mutationId } = await index.upsert([
      { id: "a", values: new Float32Array(32), namespace: "n", metadata: { kind: "red" } },
    ]);
    const { matches } = await index.queryById("a", {
      topK: 3,
      returnMetadata: "indexed",
      filter: { kind: { $in: ["red"] } },
    });
    const nearest: string | undefined = matches[0]?.id;
    // Declared a number; Vectorize gives the mutation's id.
    const { processedUpToMutation } = await index.describe();
    return Response.json({ nearest, done: String(processedUpToMutation) === mutationId });
  },
} satisfies ExportedHandler<Env>;
