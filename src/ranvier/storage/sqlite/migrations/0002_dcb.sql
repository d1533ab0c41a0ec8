-- Reading and judging by names and tags, the tags of an event, and snapshots by key.

-- The events of a name in token order: SQLite adds the position as the last column by itself. Events
-- of aggregates stay outside, since nobody selects them by name; they cost nothing here.
CREATE INDEX event_by_name ON event (context, name) WHERE aggregate_id IS NULL;

-- The tags of one event; new rows come at the end of their context.
CREATE INDEX event_tag_by_token ON event_tag (context, token);

CREATE TABLE keyed_snapshot (
    id INTEGER PRIMARY KEY,
    context INTEGER NOT NULL,
    key BLOB NOT NULL,
    sequence INTEGER NOT NULL,
    data BLOB NOT NULL
);

CREATE UNIQUE INDEX keyed_snapshot_by_key ON keyed_snapshot (context, key, sequence);
