/**
 * What LangChain's store does on a Vectorize binding, as one JSON value.
 *
 * `scenario(index)` is called with the binding; the default export is a Worker that does so.
 */
import { CloudflareVectorizeStore } from "@langchain/cloudflare";
import { Embeddings } from "@langchain/core/embeddings";

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** How often each letter occurs, in 32 dimensions. */
class LetterCounts extends Embeddings {
  async embedQuery(text) {
    const counts = new Array(32).fill(0);
    for (const letter of text) counts[LETTERS.indexOf(letter)] += 1;
    return counts;
  }

  async embedDocuments(texts) {
    return Promise.all(texts.map((text) => this.embedQuery(text)));
  }
}

const DOCUMENTS = [
  { pageContent: "ab", metadata: { kind: "red", n: 1 } },
  { pageContent: "abb", metadata: { kind: "green", n: 2 } },
  { pageContent: "xyz", metadata: { kind: "red", n: 3 } },
];

const plain = ({ pageContent, metadata }) => ({ pageContent, metadata });

async function error(promise) {
  try {
    return await promise;
  } catch ({ message }) {
    return message;
  }
}

export async function scenario(index) {
  const store = new CloudflareVectorizeStore(new LetterCounts({}), { index });
  const out = { added: await store.addDocuments(DOCUMENTS, { ids: ["1", "2", "3"] }) };
  const many = Array.from({ length: 501 }, () => ({ pageContent: "qqqqqqqq", metadata: {} }));
  const generated = await store.addDocuments(many);
  out.generated = new Set(generated).size;
  out.stored = (await index.describe()).vectorCount;
  out.search = (await store.similaritySearch("a", 2)).map(plain);
  out.filtered = (await store.similaritySearch("a", 2, { kind: "red" })).map(plain);
  out.scores = (await store.similaritySearchWithScore("ab", 2)).map(([found, score]) => [
    found.pageContent,
    score,
  ]);
  const retriever = store.asRetriever({ k: 1, filter: { kind: "green" } });
  out.retrieved = (await retriever.invoke("xyz")).map(plain);
  out.tooMany = await error(store.similaritySearch("a", 51));
  out.deletedTooMany = await error(store.delete({ ids: generated }));
  await store.delete({ ids: ["1", ...generated.slice(0, 99)] });
  out.afterDelete = (await store.similaritySearch("ab", 1)).map(plain);
  out.left = (await index.describe()).vectorCount;
  return out;
}

export default {
  async fetch(request, env) {
    return Response.json(await scenario(env.INDEX));
  },
};
