"""Runs in the environment of a `cloudflare` package: every method, results as one JSON value."""

import json
import os
import sys

import cloudflare
from cloudflare import Cloudflare

ACCOUNT = os.environ["CLOUDFLARE_ACCOUNT_ID"]
name = sys.argv[1]
client = Cloudflare(max_retries=0)
indexes = client.vectorize.indexes
where = {"index_name": name, "account_id": ACCOUNT}
out = {"version": cloudflare.__version__}


def line(vector_id, first, **more):
    return json.dumps({"id": vector_id, "values": [first] + [1.0] * 31, **more})


def failure(call):
    try:
        call()
    except cloudflare.APIStatusError as error:
        [first] = error.body["errors"] if isinstance(error.body, dict) else error.body
        return [type(error).__name__, error.status_code, first["code"], first["message"]]
    except TypeError:
        return ["TypeError"]
    return None


def plain(value):
    return value.to_dict(mode="json") if hasattr(value, "to_dict") else value


out["missing"] = failure(lambda: indexes.get(name, account_id=ACCOUNT))
config = {"dimensions": 32, "metric": "euclidean"}
out["create"] = plain(indexes.create(account_id=ACCOUNT, name=name, config=config))
out["duplicate"] = failure(lambda: indexes.create(account_id=ACCOUNT, name=name, config=config))
out["get"] = plain(indexes.get(name, account_id=ACCOUNT))
out["listed"] = name in [index.name for index in indexes.list(account_id=ACCOUNT)]
out["metadata_index"] = bool(
    indexes.metadata_index.create(**where, property_name="kind", index_type="string").mutation_id
)
out["metadata_indexes"] = plain(indexes.metadata_index.list(**where))

text = "\n".join(
    [
        line("a", 1.5, namespace="n", metadata={"kind": "x"}),
        line("b", 2.5, metadata={"kind": "y"}),
    ]
)
out["text"] = bool(indexes.insert(**where, body=text).mutation_id)
ndjson = {"Content-Type": "application/x-ndjson"}
out["text_as_ndjson"] = bool(
    indexes.upsert(**where, body=line("c", 3.5), extra_headers=ndjson).mutation_id
)
out["lower_case_header"] = bool(
    indexes.upsert(
        **where, body=line("d", 4.5), extra_headers={"content-type": "application/x-ndjson"}
    ).mutation_id
)
bytes_body = line("e", 5.5).encode()
out["bytes"] = failure(lambda: indexes.insert(**where, body=bytes_body))
out["bytes_as_ndjson"] = failure(
    lambda: indexes.insert(**where, body=bytes_body, extra_headers=ndjson)
)
broken = line("f", 6.5) + "\nnonsense"
out["broken"] = failure(lambda: indexes.insert(**where, body=broken))
out["discarded"] = bool(
    indexes.insert(**where, body=broken, unparsable_behavior="discard").mutation_id
)
out["info"] = plain(indexes.info(**where))

query = [1.5] + [1.0] * 31
out["query"] = plain(indexes.query(**where, vector=query, top_k=2, return_metadata="all"))
out["filtered"] = plain(
    indexes.query(**where, vector=query, filter={"kind": {"$ne": "x"}}, return_values=True)
)
out["in_namespace"] = plain(indexes.query(**where, vector=query, extra_body={"namespace": "n"}))
out["wrong_dimensions"] = failure(lambda: indexes.query(**where, vector=[1.0]))
out["by_ids"] = indexes.get_by_ids(**where, ids=["b", "nobody", "a"])
if hasattr(indexes, "list_vectors"):
    page = indexes.list_vectors(**where, count=2)
    rest = indexes.list_vectors(**where, count=100, cursor=page.next_cursor)
    out["pages"] = [[vector.id for vector in each.vectors] for each in (page, rest)]
    out["truncated"] = [page.is_truncated, rest.is_truncated, page.total_count]
out["deleted"] = bool(indexes.delete_by_ids(**where, ids=["a", "b"]).mutation_id)
out["count"] = indexes.info(**where).vector_count
out["index_dropped"] = bool(
    indexes.metadata_index.delete(**where, property_name="kind").mutation_id
)
out["delete"] = indexes.delete(**where)
out["gone"] = failure(lambda: indexes.info(**where))
print(json.dumps(out))
