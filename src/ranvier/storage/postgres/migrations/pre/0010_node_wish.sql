-- What another node has asked a node to do, until it has done it.
ALTER TABLE cluster_node ADD COLUMN wish text NOT NULL DEFAULT '';
