"""Node to node on the internal port."""
