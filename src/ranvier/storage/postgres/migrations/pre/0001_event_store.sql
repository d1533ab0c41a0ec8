-- The event store of a cluster.
--
-- The row of a context is its head: every transaction that appends locks it first, so that the order
-- of tokens is the order of commits. It is updated all the time, hence the free room on its pages.

CREATE TABLE context (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" UNIQUE,            -- NULL: deleted, its rows are being cleared away
    dcb boolean NOT NULL,
    head bigint NOT NULL DEFAULT 0,          -- the next token
    latest_time bigint,                      -- the highest time of all its events
    tag_revision bigint NOT NULL DEFAULT 0,  -- grows when tags of stored events change
    lookups bigint NOT NULL DEFAULT 0        -- grows with every look-up of a lost answer
) WITH (fillfactor = 10);

CREATE TABLE event (
    context integer NOT NULL,
    token bigint NOT NULL,
    aggregate_id text COLLATE "C",           -- NULL: belongs to no aggregate
    aggregate_type text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    time bigint NOT NULL,
    latest_time bigint NOT NULL,             -- the highest time up to and with this event
    name text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (context, token)
);

CREATE UNIQUE INDEX event_by_aggregate ON event (context, aggregate_id, sequence)
    WHERE aggregate_id IS NOT NULL;

CREATE INDEX event_by_name ON event (context, name, token);

CREATE TABLE event_tag (
    context integer NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    token bigint NOT NULL,
    PRIMARY KEY (context, key, value, token)
);

-- One row for each append, for as long as somebody may still ask what became of it.
CREATE TABLE append_key (
    context integer NOT NULL,
    append_id bytea NOT NULL,                -- grows with time: new rows come last, old ones go first
    first_token bigint NOT NULL,
    count integer NOT NULL,
    PRIMARY KEY (context, append_id)
);

CREATE TABLE snapshot (
    context integer NOT NULL,
    aggregate_id text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    time bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (context, aggregate_id, sequence)
);

CREATE TABLE snapshot_count (
    context integer PRIMARY KEY,
    count bigint NOT NULL
);
