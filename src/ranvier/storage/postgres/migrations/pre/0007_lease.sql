-- Who may do what only one node does at a time.
--
-- A holder is one run of one node; it raises its counter as long as it lives. Others remove it when
-- they have seen the counter stand still for long enough on clocks of their own. What a holder that
-- is not here had is free.
CREATE TABLE lease_holder (
    holder text COLLATE "C" PRIMARY KEY,
    node text NOT NULL,
    counter bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

CREATE TABLE lease (
    name text COLLATE "C" PRIMARY KEY,
    holder text COLLATE "C",                 -- NULL: nobody
    fence bigint NOT NULL DEFAULT 0          -- rises with every acquisition
) WITH (fillfactor = 50);

CREATE FUNCTION enter_lease_holder(p_holder text, p_node text) RETURNS void
LANGUAGE sql VOLATILE AS $$
    DELETE FROM lease_holder WHERE node = p_node;
    INSERT INTO lease_holder (holder, node) VALUES (p_holder, p_node);
$$;

-- Gives a lease that is free, or this holder's own, under a higher fence. Both rows are locked
-- before anything is decided: the later statements see what was committed by then.
CREATE FUNCTION acquire_lease(p_name text, p_holder text)
RETURNS TABLE (fence bigint, holder text, node text)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    INSERT INTO lease (name) VALUES (p_name) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM lease AS l WHERE l.name = p_name FOR UPDATE;
    PERFORM 1 FROM lease_holder AS h WHERE h.holder = p_holder FOR KEY SHARE;
    IF FOUND THEN
        UPDATE lease AS l SET holder = p_holder, fence = l.fence + 1
        WHERE l.name = p_name AND (
            l.holder IS NOT DISTINCT FROM p_holder
            OR NOT EXISTS (SELECT 1 FROM lease_holder AS h WHERE h.holder = l.holder)
        );
    END IF;
    RETURN QUERY
    SELECT l.fence, coalesce(h.holder, ''), coalesce(h.node, '')
    FROM lease AS l LEFT JOIN lease_holder AS h ON h.holder = l.holder
    WHERE l.name = p_name;
END
$$;

-- Tells whether a lease has this fence still, and lets nobody raise it before the transaction ends.
CREATE FUNCTION holds_lease(p_name text, p_fence bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM 1 FROM lease AS l WHERE l.name = p_name AND l.fence = p_fence FOR SHARE;
    RETURN FOUND;
END
$$;

-- Stores the positions of a stream's segments for its owner; false: another node owns it by now.
CREATE FUNCTION save_owned_stream(
    p_lease text, p_fence bigint, p_stream bigint, p_revision bigint, p_handled text,
    p_replayed text, p_next_tokens bigint[], p_errors text[]
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT holds_lease(p_lease, p_fence) THEN
        RETURN false;
    END IF;
    PERFORM save_stream(p_stream, p_revision, p_handled, p_replayed, p_next_tokens, p_errors);
    RETURN true;
END
$$;

-- Stores another name, layout or positions for a stream's owner: 'changed', 'gone' or 'moved'.
CREATE FUNCTION change_owned_stream(
    p_lease text, p_fence bigint, p_stream bigint, p_revision bigint, p_name text,
    p_handled text, p_replayed text, p_next_tokens bigint[], p_errors text[]
) RETURNS text
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT holds_lease(p_lease, p_fence) THEN
        RETURN 'moved';
    END IF;
    RETURN CASE WHEN change_stream(
        p_stream, p_revision, p_name, p_handled, p_replayed, p_next_tokens, p_errors
    ) THEN 'changed' ELSE 'gone' END;
END
$$;
