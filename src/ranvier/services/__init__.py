"""Use cases of a node: read, decide, write in one transaction, answer, notify; in that order."""
