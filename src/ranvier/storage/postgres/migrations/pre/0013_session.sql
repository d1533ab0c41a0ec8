-- Sessions of people, their drafts, and the posts that they have made once.
--
-- Nothing here can be turned into a cookie: rows are found by a digest of what a browser shows.
CREATE TABLE session (
    digest text COLLATE "C" PRIMARY KEY,
    handle text COLLATE "C" NOT NULL UNIQUE, -- what others may know it by
    version bigint NOT NULL,
    user_name text COLLATE "C",              -- NULL: nobody has signed in
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    node text COLLATE "C" NOT NULL,          -- which served it last
    drafts text NOT NULL                     -- JSON, values by fields by forms
) WITH (fillfactor = 70);

CREATE INDEX session_created ON session (created_at DESC, handle);
CREATE INDEX session_used ON session (last_used_at);
CREATE INDEX session_by_user ON session (user_name, created_at DESC, handle);
CREATE INDEX session_of_nobody ON session (last_used_at) WHERE user_name IS NULL;

CREATE TABLE session_post (
    digest text COLLATE "C" PRIMARY KEY,
    owner text COLLATE "C" NOT NULL,         -- the run of a node that works on it, or ''
    fence bigint NOT NULL,
    answer text,                             -- NULL: it is being worked on
    made_at bigint NOT NULL
);

CREATE INDEX session_post_made ON session_post (made_at);

CREATE FUNCTION now_ms() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
$$;

-- Changes a session of this version, and keeps the answer of the post that does it. The row of the
-- post comes first: a second one of the same digest waits at it until the first has ended.
CREATE FUNCTION change_session(
    p_digest text, p_version bigint, p_next_digest text, p_user text, p_drafts text, p_node text,
    p_post text, p_answer text
) RETURNS TABLE (state text, at_ms bigint, earlier_answer text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    at_ms := now_ms();
    IF p_post IS NOT NULL THEN
        INSERT INTO session_post (digest, owner, fence, answer, made_at)
        VALUES (p_post, '', 1, p_answer, at_ms) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN QUERY SELECT 'answered', at_ms, p.answer FROM session_post AS p WHERE p.digest = p_post;
            RETURN;
        END IF;
    END IF;
    UPDATE session AS s SET
        digest = p_next_digest,
        version = s.version + 1,
        user_name = p_user,
        drafts = p_drafts,
        node = p_node,
        created_at = CASE WHEN p_next_digest = p_digest THEN s.created_at ELSE at_ms END,
        last_used_at = at_ms
    WHERE s.digest = p_digest AND s.version = p_version;
    IF FOUND THEN
        RETURN QUERY SELECT 'made', at_ms, '';
        RETURN;
    END IF;
    DELETE FROM session_post AS p WHERE p.digest = p_post;
    RETURN QUERY SELECT 'conflict', at_ms, '';
END
$$;
