"""The embedded engine: SQLite for what is said about vectors, segment files for their values."""
