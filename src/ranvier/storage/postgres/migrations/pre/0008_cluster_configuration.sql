-- What all nodes are told alike: revisions, and what each node has said of them.
CREATE TABLE configuration_revision (
    number bigint PRIMARY KEY,
    replaces bigint NOT NULL,
    settings text NOT NULL,                  -- JSON, texts by the names of keys
    author text NOT NULL,
    made_at bigint NOT NULL,
    state text NOT NULL DEFAULT 'proposed',  -- then accepted or refused
    reason text NOT NULL DEFAULT ''
);

CREATE TABLE configuration_verdict (
    revision bigint NOT NULL,
    node_id text COLLATE "C" NOT NULL,
    refusal text NOT NULL,                   -- empty: the node agrees
    PRIMARY KEY (revision, node_id)
);

-- Keeps a revision under the next number; NULL: it replaces what is not in force, or another one is
-- proposed. One node at a time, so that of two that replace the same one comes first.
CREATE FUNCTION propose_configuration(
    p_replaces bigint, p_settings text, p_author text, p_made_at bigint
) RETURNS bigint
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(3, 0);
    IF p_replaces <> coalesce(
        (SELECT max(r.number) FROM configuration_revision AS r WHERE r.state = 'accepted'), 0
    ) THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM configuration_revision AS r WHERE r.state = 'proposed';
    IF FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO configuration_revision (number, replaces, settings, author, made_at)
    SELECT coalesce(max(r.number), 0) + 1, p_replaces, p_settings, p_author, p_made_at
    FROM configuration_revision AS r
    RETURNING number INTO made;
    RETURN made;
END
$$;
