-- Of which database a node's timeline is: a copy of these rows in another one says nothing of it.

ALTER TABLE cluster_node ADD COLUMN system_identifier INTEGER NOT NULL DEFAULT 0;
