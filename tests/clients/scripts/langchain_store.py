"""Runs in the environment of langchain-cloudflare: a store's whole life, as one JSON value."""

import json
import os
import sys

import requests
from langchain_cloudflare.vectorstores import CloudflareVectorize
from langchain_core.embeddings import Embeddings

WORDS = ["red", "green", "blue", "apple", "pie", "tree", "sea", "water", "wine"]
DIMENSIONS = 32


class WordCounts(Embeddings):
    """One dimension for every word that is known here: exact, so that scores can be told."""

    def embed_documents(self, texts):
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text):
        counts = [float(text.split().count(word)) for word in WORDS]
        return counts + [0.0] * (DIMENSIONS - len(counts))


def found(documents):
    return [[document.id, document.page_content, document.metadata] for document in documents]


def scored(pairs):
    return [[document.id, score] for document, score in pairs]


def refusal(call, *arguments, **options):
    """The error that a call of the store ran into, else None."""
    try:
        call(*arguments, **options)
    except requests.HTTPError as error:
        [first] = error.response.json()["errors"]
        return [error.response.status_code, first["code"]]
    return None


name = sys.argv[1]
store = CloudflareVectorize(
    embedding=WordCounts(),
    account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"],
    api_token=os.environ["CLOUDFLARE_API_TOKEN"],
    base_url=os.environ["CLOUDFLARE_BASE_URL"],
    index_name=name,
    default_wait_seconds=0.1,
)
out = {}
out["create"] = store.create_index(dimensions=DIMENSIONS, metric="cosine", wait=True)
out["listed"] = [index["name"] for index in store.list_indexes()]
store.create_metadata_index(property_name="section", index_type="string", wait=True)
out["metadata_indexes"] = store.list_metadata_indexes()
out["added"] = store.add_texts(
    texts=["red apple pie", "green apple tree", "blue sea water"],
    metadatas=[{"section": "food"}, {"section": "plants"}, {"section": "water"}],
    ids=["pie", "tree", "sea"],
    wait=True,
)
out["added_to_namespace"] = store.add_texts(
    texts=["red wine", "blue sea"],
    metadatas=[{"section": "food"}, {"section": "water"}],
    ids=["wine", "bay"],
    namespaces=["cellar", "cellar"],
    wait=True,
)
out["upserted"] = store.add_texts(
    texts=["red apple"], metadatas=[{"section": "food"}], ids=["pie"], upsert=True, wait=True
)

out["search"] = found(store.similarity_search("green apple tree", k=2))
out["scores"] = scored(store.similarity_search_with_score("red apple", k=3))
out["filtered"] = scored(
    store.similarity_search_with_score("red apple", k=3, md_filter={"section": "water"})
)
out["in_namespace"] = scored(
    store.similarity_search_with_score("blue sea water", k=3, namespace="cellar")
)
out["both"] = scored(
    store.similarity_search_with_score(
        "blue sea water", k=3, namespace="cellar", md_filter={"section": "food"}
    )
)
out["by_ids"] = found(store.get_by_ids(["tree", "nobody", "wine"]))
out["deleted"] = store.delete(ids=["tree", "nobody"], wait=True)
out["info"] = store.get_index_info()
out["dropping"] = refusal(store.delete_metadata_index, property_name="section")
out["metadata_indexes_left"] = store.list_metadata_indexes()
store.delete_index()
out["gone"] = refusal(store.get_index_info)
print(json.dumps(out))
