"""Engines to compare, one module each, run as processes (`python -m benchmarks.peers.NAME`).

Each runs in an environment of its own, so these modules import nothing but the standard library,
numpy, `benchmarks.peers.worker` and their engine.
"""
