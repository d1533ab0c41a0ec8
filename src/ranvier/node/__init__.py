"""The composition root: builds a node, starts it in order, stops it in reverse."""
