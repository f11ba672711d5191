/** A search service: POST and DELETE /documents, GET /search. */
import { embed } from "./embed";

interface Document {
  id: string;
  text: string;
  language: string;
  /** Whose it is: a search sees one customer's documents. */
  customer: string;
}

export default {
  async fetch(request, env): Promise<Response> {
    const url = new URL(request.url);
    // wrangler types still names the class of legacy indexes.
    const index = env.DOCS as unknown as Vectorize;
    try {
      switch (`${request.method} ${url.pathname}`) {
        case "POST /documents":
          return Response.json(await ingest(index, await request.json()), { status: 202 });
        case "DELETE /documents":
          return Response.json(await index.deleteByIds(url.searchParams.getAll("id")));
        case "GET /search":
          return Response.json(await search(index, url.searchParams));
        default:
          return new Response("Not found", { status: 404 });
      }
    } catch (error) {
      // Vectorize says what is wrong, such as VECTOR_QUERY_ERROR (code = 40006): ...
      return Response.json({ error: (error as Error).message }, { status: 400 });
    }
  },
} satisfies ExportedHandler<Env>;

/** Writes the documents, over those that have the same ids. */
function ingest(index: Vectorize, documents: Document[]): Promise<VectorizeAsyncMutation> {
  return index.upsert(
    documents.map(({ id, text, language, customer }) => ({
      id,
      values: embed(text),
      namespace: customer,
      metadata: { text, language },
    })),
  );
}

/** ?q=TEXT&customer=NAME[&language=CODE][&limit=N]: the customer's documents nearest to TEXT. */
async function search(index: Vectorize, query: URLSearchParams) {
  const language = query.get("language");
  const { matches } = await index.query(embed(query.get("q") ?? ""), {
    namespace: query.get("customer") ?? "",
    topK: Number(query.get("limit") ?? 5),
    returnMetadata: "all",
    ...(language && { filter: { language } }),
  });
  return matches.map(({ id, score, metadata }) => ({ id, score, ...metadata }));
}
