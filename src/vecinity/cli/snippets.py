"""Configurations that bind a Worker to an index of a server, one function a format."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

ENVIRONMENT = "development"
"""The environment of wrangler's configuration in which bindings are local."""

PLUGIN = "vecinity"
"""The name of the plugin in its file, and of the npm package that is that file."""


@dataclass(frozen=True, slots=True)
class WorkerTarget:
    """What a Worker is bound to.

    Attributes:
        url: the server's address.
        package: the plugin: an npm package or the path of its file.
        options: what the plugin must be told, as its defaults are other ones.
    """

    binding: str
    index: str
    url: str
    account: str
    token: str
    package: str
    options: dict[str, str]


def jsonc(target: WorkerTarget) -> str:
    """For wrangler.jsonc."""
    vectorize = [{"binding": target.binding, "index_name": target.index}]
    unsafe = {"bindings": [_unsafe_binding(target)]}
    config = {
        "vectorize": vectorize,
        "env": {ENVIRONMENT: {"vectorize": vectorize, "unsafe": unsafe}},
    }
    head = _lines("//", "wrangler.jsonc: merge this into the top-level object.", target)
    return f"{head}{json.dumps(config, indent=2)}"


def toml(target: WorkerTarget) -> str:
    """For wrangler.toml."""
    unsafe = _unsafe_binding(target)
    dev = unsafe["dev"]
    entry = [f"binding = {_text(target.binding)}", f"index_name = {_text(target.index)}"]
    lines = [
        "[[vectorize]]",
        *entry,
        "",
        f"[[env.{ENVIRONMENT}.vectorize]]",
        *entry,
        "",
        f"[[env.{ENVIRONMENT}.unsafe.bindings]]",
        f"name = {_text(unsafe['name'])}",
        f"type = {_text(unsafe['type'])}",
        f"dev.plugin = {_inline(dev['plugin'])}",
        f"dev.options = {_inline(dev['options'])}",
    ]
    head = _lines("#", "wrangler.toml: append this at the end of the file.", target)
    return head + "\n".join(lines)


def miniflare(target: WorkerTarget) -> str:
    """For the options of `new Miniflare(...)`, or of whatever passes such options on."""
    path = f"/binding/{quote(target.account, safe='')}"
    query = f"token={quote(target.token, safe='')}&{target.binding}={target.index}"
    url = f"{target.url}{path}?{query}"
    return f"""\
// Miniflare 4: add this to the options of `new Miniflare(...)`, or to `miniflare: {{ ... }}` of a
// tool that passes it on. Miniflare 5: the same through `convertV4MiniflareOptions(...)`.
vectorize: {{
  {target.binding}: {{
    index_name: {_text(target.index)},
    remoteProxyConnectionString: new URL({_text(url)}),
  }},
}},"""


def capnp(target: WorkerTarget) -> str:
    """For the configuration of a workerd that runs by itself."""
    headers = {
        "authorization": f"Bearer {target.token}",
        "x-vectorize-account": target.account,
        "x-vectorize-index": target.index,
    }
    injected = ",\n        ".join(
        f"(name = {_text(name)}, value = {_text(value)})" for name, value in headers.items()
    )
    service = f"vecinity-{target.index}"
    return f"""\
# workerd: add this to `services` of the configuration,
(name = {_text(service)}, external = (
    address = {_text(urlsplit(target.url).netloc)},
    http = (
      injectRequestHeaders = [
        {injected}
      ]))),

# and this to `bindings` of the Worker.
(name = {_text(target.binding)}, wrapped = (
    moduleName = "cloudflare-internal:vectorize-api",
    innerBindings = [
      (name = "fetcher", service = {_text(service)}),
      (name = "indexId", text = {_text(target.index)}),
      (name = "indexVersion", text = "v2"),
      (name = "useNdJson", json = "true")
    ])),"""


FORMATS: dict[str, Callable[[WorkerTarget], str]] = {
    "jsonc": jsonc,
    "toml": toml,
    "miniflare": miniflare,
    "capnp": capnp,
}


def _unsafe_binding(target: WorkerTarget) -> dict[str, Any]:
    plugin = {"package": target.package, "name": PLUGIN}
    dev = {"plugin": plugin, "options": target.options}
    return {"name": "VECINITY", "type": PLUGIN, "dev": dev}


def _lines(comment: str, where: str, target: WorkerTarget) -> str:
    """What to do with a wrangler configuration, as comments."""
    says = [
        where,
        "",
        "The top level is for deployment and `wrangler types`, as ever. In the environment",
        f"{ENVIRONMENT}, env.{target.binding} is local: npx wrangler dev --env {ENVIRONMENT}",
        "",
    ]
    return "".join(f"{comment} {text}".rstrip() + "\n" for text in says)


def _text(text: str) -> str:
    """A string literal of JSON, TOML, JavaScript and Cap'n Proto alike."""
    return json.dumps(text)


def _inline(table: dict[str, str]) -> str:
    pairs = ", ".join(f"{key} = {_text(value)}" for key, value in table.items())
    return f"{{ {pairs} }}" if pairs else "{}"
