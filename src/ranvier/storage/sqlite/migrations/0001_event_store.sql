-- The event store of one node.
--
-- An event's position is its context's id times 2^40 plus its token. Positions of one context are
-- consecutive, so a page of events is one range of this table's own tree, and appending is always
-- at the end of a range.

CREATE TABLE context (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT UNIQUE,                    -- NULL: deleted, its rows are being cleared away
    dcb INTEGER NOT NULL,
    head INTEGER NOT NULL DEFAULT 0,     -- the next token
    latest_time INTEGER,                 -- the highest time of all its events
    snapshot_count INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    context INTEGER NOT NULL,
    aggregate_id TEXT,                   -- NULL: belongs to no aggregate
    aggregate_type TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    latest_time INTEGER NOT NULL,        -- the highest time up to and with this event: it only rises
    name TEXT NOT NULL,
    data BLOB NOT NULL
);

CREATE UNIQUE INDEX event_by_aggregate ON event (context, aggregate_id, sequence)
    WHERE aggregate_id IS NOT NULL;

CREATE TABLE event_tag (
    context INTEGER NOT NULL,
    key BLOB NOT NULL,
    value BLOB NOT NULL,
    token INTEGER NOT NULL,
    PRIMARY KEY (context, key, value, token)
) WITHOUT ROWID;

-- One row for each append, for as long as somebody may still ask what became of it.
CREATE TABLE append_key (
    context INTEGER NOT NULL,
    append_id BLOB NOT NULL,             -- grows with time: new rows come last, old ones go first
    first_token INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (context, append_id)
) WITHOUT ROWID;

CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL,
    aggregate_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL
);

CREATE UNIQUE INDEX snapshot_by_aggregate ON snapshot (context, aggregate_id, sequence);

-- Written after a failed commit: a commit of our own that returns proves that the disk takes them
-- again, and that nothing half written can come back.
CREATE TABLE recovery (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    count INTEGER NOT NULL
);

INSERT INTO recovery (id, count) VALUES (1, 0);
