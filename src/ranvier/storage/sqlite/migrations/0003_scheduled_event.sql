-- Events that are published when their time has come.
--
-- Claiming a row raises its fence and moves its next attempt behind the end of the claim. The append
-- that publishes the event deletes the row, if the fence is still the one that it knows.

CREATE TABLE scheduled_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    context INTEGER NOT NULL,
    due INTEGER NOT NULL,
    next_attempt INTEGER,                -- NULL: parked, nobody tries any more
    fence INTEGER NOT NULL DEFAULT 0,
    claimed_by TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    aggregate_id TEXT,
    aggregate_type TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    time INTEGER NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL
);

CREATE INDEX scheduled_event_by_attempt ON scheduled_event (next_attempt, id)
    WHERE next_attempt IS NOT NULL;

CREATE INDEX scheduled_event_by_context ON scheduled_event (context, next_attempt);
