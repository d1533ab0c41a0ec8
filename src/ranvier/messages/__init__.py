"""Routing of commands and queries: who handles what, who is chosen, how much he may be given."""
