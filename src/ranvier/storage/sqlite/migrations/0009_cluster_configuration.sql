-- What all nodes are told alike, of which there is one here: revisions, and what it has said of them.

CREATE TABLE configuration_revision (
    number INTEGER PRIMARY KEY,
    replaces INTEGER NOT NULL,
    settings TEXT NOT NULL,                  -- JSON, texts by the names of keys
    author TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'proposed',  -- then accepted or refused
    reason TEXT NOT NULL DEFAULT ''
);

CREATE TABLE configuration_verdict (
    revision INTEGER NOT NULL,
    node_id TEXT NOT NULL,
    refusal TEXT NOT NULL,                   -- empty: the node agrees
    PRIMARY KEY (revision, node_id)
) WITHOUT ROWID;
