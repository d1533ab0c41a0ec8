"""The settings of a node: one declared table of keys, and the layers that fill it."""
