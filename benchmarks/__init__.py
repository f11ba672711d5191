"""Benchmarks. Each part is a module with `run(options) -> list[str]`, lines of Markdown."""
