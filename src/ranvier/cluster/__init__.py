"""What the nodes of a cluster know of each other and decide: pure, like all that is inside."""
