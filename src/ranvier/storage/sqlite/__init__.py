"""The system database of one node: SQLite in write-ahead mode, one writer, short reads."""
