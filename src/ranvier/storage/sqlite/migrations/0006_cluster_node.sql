-- The node that uses this database: its own row, as in a cluster.

CREATE TABLE cluster_node (
    node_id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    route TEXT NOT NULL UNIQUE,          -- the end of its session cookies
    host TEXT NOT NULL,                  -- what clients dial
    internal_host TEXT NOT NULL,         -- what other nodes dial
    ip TEXT NOT NULL,
    http_port INTEGER NOT NULL,          -- 0 until it is bound
    grpc_port INTEGER NOT NULL,
    internal_port INTEGER NOT NULL,
    ajp_port INTEGER,
    local_node_id INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    version TEXT NOT NULL,
    os TEXT NOT NULL,
    python TEXT NOT NULL,
    config_revision INTEGER NOT NULL,
    started_at INTEGER NOT NULL,         -- milliseconds since 1970, on the node's clock
    incarnation INTEGER NOT NULL,        -- of all nodes, none has had it before
    state TEXT NOT NULL,
    beats INTEGER NOT NULL,              -- rises; the others watch it on clocks of their own
    timeline INTEGER NOT NULL,           -- of the database, the highest that it has heard of
    lacks TEXT NOT NULL,                 -- JSON, ids of the nodes that it has no link with
    last_seen_at INTEGER NOT NULL,       -- milliseconds since 1970, for display, as the next two
    stopped_at INTEGER,
    failed_at INTEGER
) WITHOUT ROWID;

-- The last incarnation that was given.
CREATE TABLE cluster_incarnation (last INTEGER NOT NULL);
INSERT INTO cluster_incarnation (last) VALUES (0);
