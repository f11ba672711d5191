"""What to try next: commands for other clients, to be copied as they stand."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

ACCOUNT = "local"
TOKEN = "demo"


class Step(NamedTuple):
    """A client and a command for it."""

    title: str
    command: str


def guide(url: str, index: str, vector_id: str) -> list[Step]:
    """The same query by id through each client."""
    api = f"{url}/client/v4"
    return [
        Step(
            "curl", _CURL.format(api=api, account=ACCOUNT, token=TOKEN, index=index, id=vector_id)
        ),
        Step(
            "wrangler (needs Node.js)",
            _WRANGLER.format(api=api, account=ACCOUNT, token=TOKEN, index=index, id=vector_id),
        ),
        Step(
            "the Cloudflare Python SDK (pip install cloudflare)",
            _SDK.format(api=api, account=ACCOUNT, token=TOKEN, index=index, id=vector_id),
        ),
        Step(
            "vecinity itself",
            f"{_program()} query {index} --vector-id {vector_id} --top-k 3 \\\n"
            f"  --return-metadata all --url {url}",
        ),
    ]


_CURL = """\
curl -s {api}/accounts/{account}/vectorize/v2/indexes/{index}/query \\
  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\
  -d '{{"vectorId": "{id}", "topK": 3, "returnMetadata": "all"}}'"""

_WRANGLER = """\
export CLOUDFLARE_API_BASE_URL={api}
export CLOUDFLARE_API_TOKEN={token} CLOUDFLARE_ACCOUNT_ID={account}
npx wrangler@4.86.0 vectorize query {index} --vector-id {id} \\
  --top-k 3 --return-metadata all"""

_SDK = """\
python3 - <<'END'
from cloudflare import Cloudflare

client = Cloudflare(base_url="{api}", api_token="{token}")
indexes = client.vectorize.indexes
[found] = indexes.get_by_ids("{index}", account_id="{account}", ids=["{id}"])
answer = indexes.query(
    "{index}", account_id="{account}", vector=found["values"], top_k=3, return_metadata="all"
)
for match in answer.matches:
    print(match.score, match.metadata["text"])
END"""


def _program() -> str:
    """How this program can be called again from here."""
    if shutil.which("vecinity"):
        return "vecinity"
    if Path(sys.argv[0]).name == "vecinity":
        return shlex.quote(sys.argv[0])
    return f"{shlex.quote(sys.executable)} -m vecinity"
