-- The nodes that use this database. Heartbeats change no indexed column, and find room beside
-- the row that they replace.

CREATE TABLE cluster_node (
    node_id text PRIMARY KEY,
    name text NOT NULL UNIQUE,
    route text NOT NULL UNIQUE,          -- the end of its session cookies
    host text NOT NULL,                  -- what clients dial
    internal_host text NOT NULL,         -- what other nodes dial
    ip text NOT NULL,
    http_port integer NOT NULL,          -- 0 until it is bound
    grpc_port integer NOT NULL,
    internal_port integer NOT NULL,
    ajp_port integer,
    local_node_id integer NOT NULL,
    weight integer NOT NULL,
    version text NOT NULL,
    os text NOT NULL,
    python text NOT NULL,
    config_revision bigint NOT NULL,
    started_at bigint NOT NULL,          -- milliseconds since 1970, on the node's clock
    incarnation bigint NOT NULL,         -- of all nodes, none has had it before
    state text NOT NULL,
    beats bigint NOT NULL,               -- rises; the others watch it on clocks of their own
    timeline bigint NOT NULL,            -- of the database, the highest that it has heard of
    lacks text NOT NULL,                 -- JSON, ids of the nodes that it has no link with
    last_seen_at bigint NOT NULL,        -- milliseconds since 1970, for display, as the next two
    stopped_at bigint,
    failed_at bigint
) WITH (fillfactor = 50);

-- The last incarnation that was given to any node. Its row is the first lock of a registration.
CREATE TABLE cluster_incarnation (last bigint NOT NULL);
INSERT INTO cluster_incarnation (last) VALUES (0);
