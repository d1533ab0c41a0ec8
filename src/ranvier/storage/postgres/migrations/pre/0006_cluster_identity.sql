-- What the nodes of a cluster prove themselves with.
SELECT 1;
