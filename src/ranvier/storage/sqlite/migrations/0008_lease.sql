-- Who may do what only one node does at a time: on SQLite it is always the same node, by the same
-- rules as where there are many. Holders live as long as the process that has the database open.

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT,                         -- NULL: nobody
    fence INTEGER NOT NULL DEFAULT 0     -- rises with every acquisition
) WITHOUT ROWID;
