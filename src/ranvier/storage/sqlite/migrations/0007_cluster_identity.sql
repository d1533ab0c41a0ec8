-- What the nodes of a cluster prove themselves with.

CREATE TABLE cluster_identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cluster_id TEXT NOT NULL,
    secret TEXT NOT NULL
);

-- A token itself is nowhere: whoever reads the table can check one, not show one.
CREATE TABLE join_token (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    expires_at REAL NOT NULL,   -- seconds since 1970
    used_by TEXT                -- the id of the node that joined with it
) WITHOUT ROWID;
