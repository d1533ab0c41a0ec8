-- What the nodes of a cluster prove themselves with.

CREATE TABLE cluster_identity (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    cluster_id text NOT NULL,
    secret text NOT NULL
);

-- A token itself is nowhere: whoever reads the table can check one, not show one.
CREATE TABLE join_token (
    id text COLLATE "C" PRIMARY KEY,
    digest bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    used_by text                -- the id of the node that joined with it
);
