-- Sessions of people, their drafts, and the posts that they have made once.
--
-- Nothing here can be turned into a cookie: rows are found by a digest of what a browser shows.

CREATE TABLE session (
    digest TEXT PRIMARY KEY,
    handle TEXT NOT NULL UNIQUE,             -- what others may know it by
    version INTEGER NOT NULL,
    user_name TEXT,                          -- NULL: nobody has signed in
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    node TEXT NOT NULL,                      -- which served it last
    drafts TEXT NOT NULL                     -- JSON, values by fields by forms
) WITHOUT ROWID;

CREATE INDEX session_created ON session (created_at DESC, handle);
CREATE INDEX session_used ON session (last_used_at);
CREATE INDEX session_by_user ON session (user_name, created_at DESC, handle);
CREATE INDEX session_of_nobody ON session (last_used_at) WHERE user_name IS NULL;

CREATE TABLE session_post (
    digest TEXT PRIMARY KEY,
    owner TEXT NOT NULL,                     -- the run of a node that works on it, or ''
    fence INTEGER NOT NULL,
    answer TEXT,                             -- NULL: it is being worked on
    made_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX session_post_made ON session_post (made_at);
