-- People who sign in with a password that the node keeps.

CREATE TABLE local_user (
    key TEXT PRIMARY KEY,                    -- what names that are one have in common
    name TEXT NOT NULL,
    password_hash TEXT NOT NULL,             -- argon2id, with its parameters and its salt
    created_at INTEGER NOT NULL,
    password_changed_at INTEGER NOT NULL,
    signed_in_at INTEGER
) WITHOUT ROWID;

-- The secret with which the first user is made; the secret itself is nowhere.
CREATE TABLE set_up_secret (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    digest BLOB NOT NULL,
    is_used INTEGER NOT NULL DEFAULT 0
);

-- Sign-ins that failed, or that have not succeeded yet, by digests of who made them and from where.
CREATE TABLE sign_in_attempt (
    subject BLOB PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at REAL NOT NULL,                   -- seconds since 1970
    is_familiar INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE INDEX sign_in_attempt_age ON sign_in_attempt (is_familiar, last_at);
