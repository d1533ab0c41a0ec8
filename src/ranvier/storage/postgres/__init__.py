"""The storage ports on PostgreSQL, shared by all nodes of a cluster."""
