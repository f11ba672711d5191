"""The HTTP server: Cloudflare's surfaces over an engine."""
