"""Runs in the environment of a `cloudflare` package: one call, with as many retries as it is told.

Prints the mutation's id, or the error that the client raised in the end.
"""

import json
import os
import sys

import cloudflare

name, retries = sys.argv[1], int(sys.argv[2])
client = cloudflare.Cloudflare(max_retries=retries)
line = json.dumps({"id": "a", "values": [1.0] * 32})
try:
    written = client.vectorize.indexes.upsert(
        name, account_id=os.environ["CLOUDFLARE_ACCOUNT_ID"], body=line
    )
    out = [written.mutation_id]
except cloudflare.APIStatusError as error:
    [first] = error.body["errors"]
    out = [type(error).__name__, error.status_code, first["code"], first["message"]]
print(json.dumps(out))
