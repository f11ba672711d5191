/** A Worker that answers with the nearest document's title. */
export default {
  async fetch(request, env) {
    const values = Array.from({ length: 32 }, (_, n) => (n === 0 ? 2 : 0));
    const { matches } = await env.INDEX.query(values, { topK: 1, returnMetadata: "all" });
    return Response.json(matches[0].metadata);
  },
};
