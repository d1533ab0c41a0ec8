-- Changes the tags of a stored event under its context's head row, so that the change has its place
-- in the order of appends; conditions that were decided before are decided anew.
--
-- Answers 'no event', 'too many' or 'done'; NULL: no such context.
CREATE FUNCTION change_tags(
    p_context integer, p_token bigint, p_keys bytea[], p_values bytea[], p_is_added boolean,
    p_limit integer
) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    changed integer;
BEGIN
    PERFORM 1 FROM context AS c WHERE c.id = p_context AND c.name IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM 1 FROM event AS e WHERE e.context = p_context AND e.token = p_token;
    IF NOT FOUND THEN
        RETURN 'no event';
    END IF;
    IF p_is_added THEN
        PERFORM 1
        FROM (
            SELECT t.key, t.value FROM event_tag AS t
            WHERE t.context = p_context AND t.token + 0 = p_token
            UNION
            SELECT own.key, own.value FROM unnest(p_keys, p_values) AS own (key, value)
        ) AS together
        HAVING count(*) > p_limit;
        IF FOUND THEN
            RETURN 'too many';
        END IF;
        INSERT INTO event_tag (context, key, value, token)
        SELECT p_context, own.key, own.value, p_token
        FROM unnest(p_keys, p_values) AS own (key, value)
        ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM event_tag AS t
        USING unnest(p_keys, p_values) AS own (key, value)
        WHERE t.context = p_context AND t.token = p_token
            AND t.key = own.key AND t.value = own.value;
    END IF;
    GET DIAGNOSTICS changed = ROW_COUNT;
    IF changed > 0 THEN
        UPDATE context AS c SET tag_revision = c.tag_revision + 1 WHERE c.id = p_context;
    END IF;
    RETURN 'done';
END
$$;

-- Sets and takes away properties of a context; false: there would be too many, nothing is changed.
CREATE FUNCTION change_properties(
    p_context integer, p_names text[], p_values text[], p_limit integer
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, p_context);
    IF (
        SELECT count(*) FROM (
            SELECT p.name FROM context_property AS p
            WHERE p.context = p_context AND p.name <> ALL (p_names)
            UNION ALL
            SELECT own.name FROM unnest(p_names, p_values) AS own (name, value)
            WHERE own.value <> ''
        ) AS together
    ) > p_limit THEN
        RETURN false;
    END IF;
    DELETE FROM context_property AS p
    WHERE p.context = p_context AND p.name = ANY (p_names);
    INSERT INTO context_property (context, name, value)
    SELECT p_context, own.name, own.value
    FROM unnest(p_names, p_values) AS own (name, value)
    WHERE own.value <> '';
    RETURN true;
END
$$;

-- Creates a context with its properties and answers its id; NULL: there would be too many.
CREATE FUNCTION create_context(
    p_name text, p_is_dcb boolean, p_names text[], p_values text[], p_limit integer
) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made integer;
BEGIN
    INSERT INTO context (name, dcb) VALUES (p_name, p_is_dcb) RETURNING id INTO made;
    IF NOT change_properties(made, p_names, p_values, p_limit) THEN
        DELETE FROM context WHERE id = made;
        RETURN NULL;
    END IF;
    RETURN made;
END
$$;

-- Keeps an event until it is due in place of another one; false: nothing waits under that token.
CREATE FUNCTION replace_scheduled(
    p_old_token text, p_context integer, p_token text, p_due bigint, p_aggregate_id text,
    p_aggregate_type text, p_sequence bigint, p_time bigint, p_name text, p_data bytea
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    DELETE FROM scheduled_event WHERE token = p_old_token AND context = p_context;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO scheduled_event (
        token, context, due, next_attempt, aggregate_id, aggregate_type, sequence, time, name, data
    )
    VALUES (
        p_token, p_context, p_due, p_due, p_aggregate_id, p_aggregate_type, p_sequence, p_time,
        p_name, p_data
    );
    RETURN true;
END
$$;

-- Stores a new stream: 'made', 'exists' or 'too many'.
CREATE FUNCTION create_stream(
    p_context integer, p_stream_id text, p_name text, p_policy text, p_parameters text,
    p_filter text, p_handled text, p_replayed text, p_next_tokens bigint[], p_errors text[],
    p_limit integer
) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(2, p_context);
    PERFORM 1 FROM persistent_stream WHERE context = p_context AND stream_id = p_stream_id;
    IF FOUND THEN
        RETURN 'exists';
    END IF;
    IF (SELECT count(*) FROM persistent_stream WHERE context = p_context) >= p_limit THEN
        RETURN 'too many';
    END IF;
    INSERT INTO persistent_stream (
        context, stream_id, name, policy, parameters, filter, handled, replayed
    )
    VALUES (
        p_context, p_stream_id, p_name, p_policy, p_parameters, p_filter, p_handled, p_replayed
    )
    RETURNING id INTO made;
    PERFORM set_segments(made, p_next_tokens, p_errors);
    RETURN 'made';
END
$$;

CREATE FUNCTION set_segments(p_stream bigint, p_next_tokens bigint[], p_errors text[])
RETURNS void
LANGUAGE sql VOLATILE AS $$
    DELETE FROM persistent_segment WHERE stream = p_stream;
    INSERT INTO persistent_segment (stream, segment, next_token, error)
    SELECT p_stream, own.place - 1, own.next_token, own.error
    FROM unnest(p_next_tokens, p_errors) WITH ORDINALITY AS own (next_token, error, place);
$$;

-- Stores another name, layout or positions as the next revision; false: the stream is gone or has
-- another revision.
CREATE FUNCTION change_stream(
    p_stream bigint, p_revision bigint, p_name text, p_handled text, p_replayed text,
    p_next_tokens bigint[], p_errors text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE persistent_stream
    SET revision = revision + 1, name = p_name, handled = p_handled, replayed = p_replayed
    WHERE id = p_stream AND revision = p_revision;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM set_segments(p_stream, p_next_tokens, p_errors);
    RETURN true;
END
$$;

-- Stores the positions of a stream's segments, unless it is gone or has another revision.
CREATE FUNCTION save_stream(
    p_stream bigint, p_revision bigint, p_handled text, p_replayed text,
    p_next_tokens bigint[], p_errors text[]
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE persistent_stream SET handled = p_handled, replayed = p_replayed
    WHERE id = p_stream AND revision = p_revision;
    IF FOUND THEN
        UPDATE persistent_segment AS g
        SET next_token = own.next_token, error = own.error
        FROM unnest(p_next_tokens, p_errors) WITH ORDINALITY AS own (next_token, error, place)
        WHERE g.stream = p_stream AND g.segment = own.place - 1;
    END IF;
END
$$;

CREATE FUNCTION delete_stream(p_context integer, p_stream_id text) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM persistent_stream WHERE context = p_context AND stream_id = p_stream_id
    RETURNING id INTO gone;
    DELETE FROM persistent_segment WHERE stream = gone;
    RETURN gone IS NOT NULL;
END
$$;
