"""Runs in the environment of langchain-cloudflare: a store's whole life, as one JSON value."""

import hashlib
import json
import os
import sys

from langchain_cloudflare.vectorstores import CloudflareVectorize
from langchain_core.embeddings import Embeddings

DIMENSIONS = 64


class Letters(Embeddings):
    """Texts with the same words lie near one another."""

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        values = [0.01] * DIMENSIONS
        for word in text.lower().split():
            values[hashlib.sha256(word.encode()).digest()[0] % DIMENSIONS] += 1.0
        return values


name = sys.argv[1]
store = CloudflareVectorize(
    embedding=Letters(),
    account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"],
    api_token=os.environ["CLOUDFLARE_API_TOKEN"],
    base_url=os.environ["CLOUDFLARE_BASE_URL"],
    index_name=name,
    default_wait_seconds=0.1,
)
out = {}
out["create"] = store.create_index(
    index_name=name, dimensions=DIMENSIONS, metric="cosine", wait=True
)
store.create_metadata_index(
    property_name="section", index_type="string", index_name=name, wait=True
)
out["metadata_indexes"] = store.list_metadata_indexes(index_name=name)
out["added"] = store.add_texts(
    texts=["red apple pie", "green apple tree", "blue sea water"],
    metadatas=[{"section": "food"}, {"section": "plants"}, {"section": "sea"}],
    ids=["pie", "tree", "sea"],
    index_name=name,
    wait=True,
)
store.add_texts(texts=["red wine"], ids=["wine"], namespaces=["cellar"], index_name=name, wait=True)


def found(documents):
    # the store keeps texts in D1, which is not here; ids and metadata come from the index
    return [[document.id, document.metadata] for document in documents]


out["search"] = found(store.similarity_search("apple pie", k=2, index_name=name))
out["scores"] = [
    [document.id, score]
    for document, score in store.similarity_search_with_score(
        "blue sea water", k=1, index_name=name
    )
]
out["filtered"] = found(
    store.similarity_search("apple", k=3, index_name=name, md_filter={"section": "sea"})
)
out["in_namespace"] = found(
    store.similarity_search("red", k=3, index_name=name, namespace="cellar")
)
out["by_ids"] = found(store.get_by_ids(["tree", "nobody"]))
out["deleted"] = store.delete(ids=["tree"], index_name=name, wait=True)
out["info"] = store.get_index_info(index_name=name)
store.delete_index(index_name=name)
print(json.dumps(out, default=str))
