"""The HTTP client: a server behind the same seam as the embedded engine."""
