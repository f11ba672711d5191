"""Runs in the environment of a `cloudflare` package: every method, results as one JSON value."""

import itertools
import json
import os
import sys

import cloudflare

name = sys.argv[1]
account = {"account_id": os.environ["CLOUDFLARE_ACCOUNT_ID"]}
where = {"index_name": name, **account}
client = cloudflare.Cloudflare(max_retries=0)
indexes = client.vectorize.indexes
out = {"version": cloudflare.__version__}


def line(vector_id, first, **more):
    return json.dumps({"id": vector_id, "values": values(first), **more})


def values(first):
    return [first] + [1.0] * 31


def outcome(call, **arguments):
    """The answer with the API's own names, or the error that the client raised."""
    try:
        found = call(**arguments)
    except cloudflare.APIStatusError as error:
        [first] = error.body["errors"]
        return [type(error).__name__, error.status_code, first["code"], first["message"]]
    except TypeError:
        return ["TypeError"]
    return found.to_dict(mode="json") if hasattr(found, "to_dict") else found


out["missing"] = outcome(indexes.get, **where)
new = {**account, "name": name, "config": {"dimensions": 32, "metric": "euclidean"}}
out["create"] = outcome(indexes.create, **new)
out["duplicate"] = outcome(indexes.create, **new)
out["get"] = outcome(indexes.get, **where)
out["listed"] = [found.to_dict(mode="json") for found in indexes.list(**account)]
out["created_on"] = type(indexes.get(**where).created_on).__name__
out["metadata_index"] = outcome(
    indexes.metadata_index.create, **where, property_name="kind", index_type="string"
)
out["metadata_indexes"] = outcome(indexes.metadata_index.list, **where)

forms = {"str": str, "bytes": str.encode}
spellings = {"no": None, "title": "Content-Type", "lower": "content-type"}
first = itertools.count(1.5)
out["writes"] = {}
for (form, encode), (spelling, header) in itertools.product(forms.items(), spellings.items()):
    for operation in (indexes.insert, indexes.upsert):
        vector_id = f"{form} {spelling} {operation.__name__}"
        body = encode(line(vector_id, next(first)))
        headers = {header: "application/x-ndjson"} if header else {}
        out["writes"][vector_id] = outcome(operation, **where, body=body, extra_headers=headers)
out["stored"] = indexes.get_by_ids(**where, ids=list(out["writes"]))

two = "\n".join(
    [
        line("a", -1.5, namespace="n", metadata={"kind": "x"}),
        line("b", -2.5, metadata={"kind": "y"}),
    ]
)
out["insert"] = outcome(indexes.insert, **where, body=two)
out["insert_again"] = outcome(indexes.insert, **where, body=line("a", 99.5))
broken = line("c", -3.5, namespace="n", metadata={"kind": "y"}) + "\nnonsense"
out["error"] = outcome(indexes.upsert, **where, body=broken, unparsable_behavior="error")
out["discard"] = outcome(indexes.upsert, **where, body=broken, unparsable_behavior="discard")
out["info"] = outcome(indexes.info, **where)
out["processed"] = type(indexes.info(**where).processed_up_to_datetime).__name__

query = {**where, "vector": values(-1.5)}
out["query"] = outcome(indexes.query, **query, top_k=2, return_metadata="all")
out["filtered"] = outcome(indexes.query, **query, filter={"kind": "y"}, return_values=True)
out["in_namespace"] = outcome(indexes.query, **query, extra_body={"namespace": "n"})
out["wrong_dimensions"] = outcome(indexes.query, **where, vector=[1.0])
out["by_ids"] = outcome(indexes.get_by_ids, **where, ids=["b", "nobody", "a"])
if hasattr(indexes, "list_vectors"):
    page = indexes.list_vectors(**where, count=10)
    rest = indexes.list_vectors(**where, count=10, cursor=page.next_cursor)
    out["pages"] = [page.to_dict(mode="json"), rest.to_dict(mode="json")]

out["delete_vectors"] = outcome(indexes.delete_by_ids, **where, ids=["a", "b"])
out["left"] = outcome(indexes.info, **where)
out["drop_metadata_index"] = outcome(indexes.metadata_index.delete, **where, property_name="kind")
out["delete"] = outcome(indexes.delete, **where)
out["gone"] = outcome(indexes.info, **where)
print(json.dumps(out))
