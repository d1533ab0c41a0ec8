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

-- A question that adds 0 to the context can be answered by this index alone, whatever the planner
-- believes of a table that was small a moment ago.
CREATE INDEX event_by_name ON event ((context + 0), name, token);

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

-- Snapshots of what somebody made of the events up to a position, by a key of his own.
CREATE TABLE keyed_snapshot (
    context integer NOT NULL,
    key bytea NOT NULL,
    sequence bigint NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (context, key, sequence)
);

-- Finds the tags of one event. A plain column would tempt the planner to walk through all tokens in
-- search of a tag.
CREATE INDEX event_tag_by_token ON event_tag (context, (token + 0));

-- Events that are published when their time has come. Claiming a row raises its fence and moves its
-- next attempt behind the end of the claim. The append that publishes the event deletes the row, if
-- the fence is still the one that it knows.
CREATE TABLE scheduled_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    token text COLLATE "C" NOT NULL UNIQUE,
    context integer NOT NULL,
    due bigint NOT NULL,
    next_attempt bigint,                     -- NULL: parked, nobody tries any more
    fence bigint NOT NULL DEFAULT 0,
    claimed_by text,
    attempts integer NOT NULL DEFAULT 0,
    error text,
    aggregate_id text COLLATE "C",
    aggregate_type text COLLATE "C" NOT NULL,
    sequence bigint NOT NULL,
    time bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    data bytea NOT NULL
);

CREATE INDEX scheduled_event_by_attempt ON scheduled_event (next_attempt, id)
    WHERE next_attempt IS NOT NULL;

CREATE INDEX scheduled_event_by_context ON scheduled_event (context, next_attempt);

-- Streams whose position the nodes keep, segment by segment.
CREATE TABLE persistent_stream (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    context integer NOT NULL,
    stream_id text COLLATE "C" NOT NULL,
    name text NOT NULL,
    policy text NOT NULL,
    parameters text NOT NULL,                -- JSON, a list of texts
    filter text NOT NULL,
    revision bigint NOT NULL DEFAULT 0,
    handled text NOT NULL,                   -- JSON, earlier layouts: lists of the next token
    replayed text NOT NULL,                  -- JSON, the same
    UNIQUE (context, stream_id)
);

CREATE TABLE persistent_segment (
    stream bigint NOT NULL,
    segment integer NOT NULL,
    next_token bigint NOT NULL,
    error text NOT NULL,
    PRIMARY KEY (stream, segment)
);

-- What is said of a context beside its name.
CREATE TABLE context_property (
    context integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    value text NOT NULL,
    PRIMARY KEY (context, name)
);

-- How the segments of an event processor are spread over its instances, where somebody chose it.
CREATE TABLE processor_strategy (
    context integer NOT NULL,
    processor text COLLATE "C" NOT NULL,
    token_store text COLLATE "C" NOT NULL,
    strategy text NOT NULL,
    PRIMARY KEY (context, processor, token_store)
);
