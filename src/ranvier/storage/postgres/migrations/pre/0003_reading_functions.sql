-- The tokens from `p_from` to before `p_before` that one criterion may match, at most `p_most` of
-- those that its rarest means of finding them yields, and how far these go.
CREATE FUNCTION criterion_matches(
    p_context integer, p_criterion jsonb, p_from bigint, p_before bigint, p_most integer,
    OUT tokens bigint[], OUT seen_to bigint
)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    tags jsonb := rarest_first(p_context, p_criterion -> 'tags', p_from, p_before);
    names text[] := CASE WHEN jsonb_array_length(p_criterion -> 'names') > 0
        THEN ARRAY(SELECT jsonb_array_elements_text(p_criterion -> 'names')) END;
    candidates bigint[];
BEGIN
    IF jsonb_array_length(tags) > 0 THEN
        candidates := ARRAY(
            SELECT t.token FROM event_tag AS t
            WHERE t.context = p_context
                AND t.key = decode(tags -> 0 ->> 0, 'hex')
                AND t.value = decode(tags -> 0 ->> 1, 'hex')
                AND t.token >= p_from AND t.token < p_before
            ORDER BY t.token LIMIT p_most
        );
    ELSIF names IS NOT NULL THEN
        candidates := ARRAY(
            SELECT own.token FROM unnest(names) AS wanted (name)
            CROSS JOIN LATERAL (
                SELECT e.token FROM event AS e
                WHERE e.context + 0 = p_context AND e.name = wanted.name
                    AND e.token >= p_from AND e.token < p_before
                ORDER BY e.token LIMIT p_most
            ) AS own
            ORDER BY own.token LIMIT p_most
        );
    ELSE
        candidates := ARRAY(
            SELECT e.token FROM event AS e
            WHERE e.context = p_context AND e.token >= p_from AND e.token < p_before
            ORDER BY e.token LIMIT p_most
        );
    END IF;
    seen_to := CASE WHEN cardinality(candidates) < p_most THEN p_before
        ELSE candidates[p_most] + 1 END;
    tokens := ARRAY(
        SELECT own.token FROM unnest(candidates) AS own (token)
        WHERE NOT EXISTS (
                SELECT 1
                FROM jsonb_array_elements(tags) AS other
                WHERE NOT EXISTS (
                    SELECT 1 FROM event_tag AS o
                    WHERE o.context = p_context
                        AND o.key = decode(other ->> 0, 'hex')
                        AND o.value = decode(other ->> 1, 'hex')
                        AND o.token = own.token
                )
            )
            AND (
                names IS NULL
                OR (SELECT e.name FROM event AS e
                    WHERE e.context = p_context AND e.token = own.token) = ANY (names)
            )
    );
END
$$;

-- The events in a range of tokens that match any of the criteria, in the order of their tokens. The
-- last row bears no data: its token is where the next page starts.
CREATE FUNCTION matching_page(
    p_context integer, p_criteria jsonb, p_from bigint, p_before bigint,
    p_page_bytes bigint, p_most integer
)
RETURNS TABLE (token bigint, data bytea)
LANGUAGE plpgsql STABLE AS $$
DECLARE
    horizon bigint := p_before;
    found bigint[] := '{}';
    last_sent bigint;
    criterion jsonb;
    looked record;
BEGIN
    FOR criterion IN SELECT jsonb_array_elements(p_criteria) LOOP
        SELECT own.tokens, own.seen_to INTO looked
        FROM criterion_matches(p_context, criterion, p_from, horizon, p_most) AS own;
        horizon := looked.seen_to;
        found := found || looked.tokens;
    END LOOP;
    found := ARRAY(
        SELECT DISTINCT each.token FROM unnest(found) AS each (token)
        WHERE each.token < horizon
        ORDER BY each.token LIMIT p_most
    );
    FOR token, data IN
        SELECT measured.token, measured.data
        FROM (
            SELECT
                e.token, e.data,
                sum(length(e.data)) OVER (ORDER BY e.token) AS bytes_with,
                row_number() OVER (ORDER BY e.token) AS place
            FROM event AS e
            WHERE e.context = p_context AND e.token = ANY (found)
        ) AS measured
        WHERE measured.bytes_with <= p_page_bytes OR measured.place = 1
        ORDER BY measured.token
    LOOP
        last_sent := token;
        RETURN NEXT;
    END LOOP;
    data := NULL;
    token := CASE
        WHEN last_sent IS NULL THEN horizon
        WHEN last_sent < found[cardinality(found)] THEN last_sent + 1
        WHEN cardinality(found) = p_most THEN last_sent + 1
        ELSE horizon
    END;
    RETURN NEXT;
END
$$;
