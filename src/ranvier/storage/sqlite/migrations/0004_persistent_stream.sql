-- Streams whose position the node keeps, segment by segment.

CREATE TABLE persistent_stream (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    context INTEGER NOT NULL,
    stream_id TEXT NOT NULL,
    name TEXT NOT NULL,
    policy TEXT NOT NULL,
    parameters TEXT NOT NULL,            -- JSON, a list of texts
    filter TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 0,
    handled TEXT NOT NULL,               -- JSON, earlier layouts: lists of the next token by segment
    replayed TEXT NOT NULL,              -- JSON, the same
    UNIQUE (context, stream_id)
);

CREATE TABLE persistent_segment (
    stream INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    next_token INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (stream, segment)
) WITHOUT ROWID;
