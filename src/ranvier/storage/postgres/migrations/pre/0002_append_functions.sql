-- Everything that happens under the head row happens inside the database, in one statement: from
-- lock to commit nothing waits for a node. SQL locks, compares, reads and writes; what is decided
-- was decided before, in Python, against the head and the tag revision that are handed in.

-- Tags with the one in front that the fewest events of a range bear; counting stops where it no
-- longer pays.
CREATE FUNCTION rarest_first(
    p_context integer, p_tags jsonb, p_from bigint, p_before bigint
) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    most integer;
    rarest integer;
    fewest bigint;
BEGIN
    IF jsonb_array_length(p_tags) < 2 THEN
        RETURN p_tags;
    END IF;
    FOREACH most IN ARRAY ARRAY[32, 1024, 32768] LOOP
        SELECT own.place, own.many INTO rarest, fewest
        FROM (
            SELECT
                wanted.place::integer - 1 AS place,
                (
                    SELECT count(*) FROM (
                        SELECT 1 FROM event_tag AS t
                        WHERE t.context = p_context
                            AND t.key = decode(wanted.tag ->> 0, 'hex')
                            AND t.value = decode(wanted.tag ->> 1, 'hex')
                            AND t.token >= p_from AND t.token < p_before
                        LIMIT most
                    ) AS counted
                ) AS many
            FROM jsonb_array_elements(p_tags) WITH ORDINALITY AS wanted (tag, place)
        ) AS own
        ORDER BY own.many, own.place LIMIT 1;
        EXIT WHEN fewest < most;
    END LOOP;
    RETURN jsonb_build_array(p_tags -> rarest) || (p_tags - rarest);
END
$$;

-- The highest token from `marker` on that matches a criterion, -1 if there is none.
CREATE FUNCTION latest_match(p_context integer, p_criterion jsonb) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    marker bigint := greatest((p_criterion ->> 'marker')::bigint, 0);
    tags jsonb := rarest_first(p_context, p_criterion -> 'tags', marker, 9223372036854775807);
    names text[] := CASE WHEN jsonb_array_length(p_criterion -> 'names') > 0
        THEN ARRAY(SELECT jsonb_array_elements_text(p_criterion -> 'names')) END;
    found bigint;
BEGIN
    IF jsonb_array_length(tags) > 0 THEN
        SELECT t.token INTO found
        FROM event_tag AS t
        WHERE t.context = p_context
            AND t.key = decode(tags -> 0 ->> 0, 'hex')
            AND t.value = decode(tags -> 0 ->> 1, 'hex')
            AND t.token >= marker
            AND NOT EXISTS (
                SELECT 1
                FROM jsonb_array_elements(tags) AS other
                WHERE NOT EXISTS (
                    SELECT 1 FROM event_tag AS o
                    WHERE o.context = p_context
                        AND o.key = decode(other ->> 0, 'hex')
                        AND o.value = decode(other ->> 1, 'hex')
                        AND o.token = t.token
                )
            )
            AND (
                names IS NULL
                OR (SELECT e.name FROM event AS e WHERE e.context = p_context AND e.token = t.token)
                    = ANY (names)
            )
        ORDER BY t.token DESC
        LIMIT 1;
    ELSIF names IS NOT NULL THEN
        SELECT max(newest.token) INTO found
        FROM unnest(names) AS wanted (name)
        CROSS JOIN LATERAL (
            SELECT e.token FROM event AS e
            WHERE e.context + 0 = p_context AND e.name = wanted.name AND e.token >= marker
            ORDER BY e.token DESC LIMIT 1
        ) AS newest;
    ELSE
        SELECT max(e.token) INTO found
        FROM event AS e WHERE e.context = p_context AND e.token >= marker;
    END IF;
    RETURN coalesce(found, -1);
END
$$;

-- What a batch must know before it can be decided, read at one moment.
CREATE FUNCTION append_facts(
    p_context integer, p_aggregate_ids text[], p_criteria jsonb, p_base_ids bytea[],
    p_claim_tokens text[],
    OUT head bigint, OUT tag_revision bigint, OUT last_sequences bigint[],
    OUT latest_matches bigint[], OUT stored_bases bytea[],
    OUT held_tokens text[], OUT held_fences bigint[]
)
LANGUAGE sql STABLE AS $$
    SELECT
        c.head,
        c.tag_revision,
        ARRAY(
            SELECT coalesce((
                SELECT max(e.sequence) FROM event AS e
                WHERE e.context = p_context AND e.aggregate_id = wanted.id
            ), -1)
            FROM unnest(p_aggregate_ids) WITH ORDINALITY AS wanted (id, place)
            ORDER BY wanted.place
        ),
        ARRAY(
            SELECT latest_match(p_context, wanted.criterion)
            FROM jsonb_array_elements(p_criteria) WITH ORDINALITY AS wanted (criterion, place)
            ORDER BY wanted.place
        ),
        ARRAY(
            SELECT k.append_id FROM append_key AS k
            WHERE k.context = p_context AND k.append_id = ANY (p_base_ids)
        ),
        ARRAY(
            SELECT s.token FROM scheduled_event AS s
            WHERE s.context = p_context AND s.token = ANY (p_claim_tokens) ORDER BY s.token
        ),
        ARRAY(
            SELECT s.fence FROM scheduled_event AS s
            WHERE s.context = p_context AND s.token = ANY (p_claim_tokens) ORDER BY s.token
        )
    FROM context AS c
    WHERE c.id = p_context AND c.name IS NOT NULL
$$;

-- Stores a batch that was decided against `p_seen_head` and `p_seen_tags`; leaves out what something
-- since then touches, and what was decided on top of what is left out. A head below `p_floor` is not
-- the one that the node knew: nothing is stored on it.
--
-- Answers the head that was found (-1: no such context) and the first token of each append, NULL for
-- one that was left out.
CREATE FUNCTION append_batch(
    p_context integer, p_seen_head bigint, p_seen_tags bigint, p_floor bigint,
    p_append_ids bytea[], p_counts integer[],
    p_appends integer[], p_aggregate_ids text[], p_aggregate_types text[], p_sequences bigint[],
    p_times bigint[], p_names text[], p_datas bytea[],
    p_tag_events integer[], p_tag_keys bytea[], p_tag_values bytea[],
    p_conditions jsonb, p_dependents integer[], p_dependencies integer[],
    p_claim_appends integer[], p_claim_tokens text[], p_claim_fences bigint[],
    OUT found_head bigint, OUT first_tokens bigint[]
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    append_count integer := cardinality(p_append_ids);
    left_out boolean[] := array_fill(false, ARRAY[append_count]);
    starts integer[] := array_fill(0, ARRAY[append_count]);
    touched text[];
    condition jsonb;
    found_tags bigint;
    found_latest bigint;
    next_token bigint;
    next_start integer := 1;
    place integer;
BEGIN
    SELECT c.head, c.tag_revision, coalesce(c.latest_time, -9223372036854775808)
    INTO found_head, found_tags, found_latest
    FROM context AS c
    WHERE c.id = p_context AND c.name IS NOT NULL
    FOR UPDATE;
    IF NOT FOUND THEN
        found_head := -1;
        RETURN;
    END IF;
    first_tokens := array_fill(NULL::bigint, ARRAY[append_count]);
    IF found_head < greatest(p_seen_head, p_floor) THEN
        RETURN;
    END IF;

    IF found_head > p_seen_head THEN
        touched := ARRAY(
            SELECT DISTINCT e.aggregate_id FROM event AS e
            WHERE e.context = p_context AND e.token >= p_seen_head
                -- Not by the aggregates' index: one of them may have a million older events.
                AND e.aggregate_id || '' = ANY (p_aggregate_ids)
        );
        IF cardinality(touched) > 0 THEN
            FOR place IN
                SELECT DISTINCT own.append
                FROM unnest(p_appends, p_aggregate_ids) AS own (append, aggregate_id)
                WHERE own.aggregate_id = ANY (touched)
            LOOP
                left_out[place] := true;
            END LOOP;
        END IF;
    END IF;
    IF found_head > p_seen_head OR found_tags <> p_seen_tags THEN
        FOR condition IN SELECT jsonb_array_elements(p_conditions) LOOP
            place := (condition ->> 'append')::integer;
            IF found_tags <> p_seen_tags OR latest_match(
                p_context,
                condition || jsonb_build_object(
                    'marker', greatest((condition ->> 'marker')::bigint, p_seen_head)
                )
            ) >= 0 THEN
                left_out[place] := true;
            END IF;
        END LOOP;
    END IF;
    -- Claimed rows do not move the head: they are looked at in any case, and locked in one order.
    IF cardinality(p_claim_tokens) > 0 THEN
        PERFORM 1 FROM scheduled_event AS s
        WHERE s.context = p_context AND s.token = ANY (p_claim_tokens)
        ORDER BY s.token FOR UPDATE;
        FOR place IN
            SELECT own.append
            FROM unnest(p_claim_appends, p_claim_tokens, p_claim_fences)
                AS own (append, token, fence)
            WHERE NOT EXISTS (
                SELECT 1 FROM scheduled_event AS s
                WHERE s.context = p_context AND s.token = own.token AND s.fence = own.fence
            )
        LOOP
            left_out[place] := true;
        END LOOP;
    END IF;
    IF true = ANY (left_out) THEN
        -- Places ascend, so that what is left out here is seen by what stands on it.
        FOR i IN 1 .. cardinality(p_dependents) LOOP
            IF left_out[p_dependencies[i]] THEN
                left_out[p_dependents[i]] := true;
            END IF;
        END LOOP;
    END IF;

    next_token := found_head;
    FOR i IN 1 .. append_count LOOP
        starts[i] := next_start;
        next_start := next_start + p_counts[i];
        IF NOT left_out[i] THEN
            first_tokens[i] := next_token;
            next_token := next_token + p_counts[i];
        END IF;
    END LOOP;

    INSERT INTO append_key (context, append_id, first_token, count)
    SELECT p_context, own.append_id, own.first_token, own.count
    FROM unnest(p_append_ids, first_tokens, p_counts) AS own (append_id, first_token, count)
    WHERE own.first_token IS NOT NULL;

    INSERT INTO event (
        context, token, aggregate_id, aggregate_type, sequence, time, latest_time, name, data
    )
    SELECT
        p_context,
        first_tokens[own.append] + own.place - starts[own.append],
        own.aggregate_id,
        own.aggregate_type,
        own.sequence,
        own.time,
        greatest(found_latest, max(own.time) OVER (ORDER BY own.place)),
        own.name,
        own.data
    FROM unnest(
        p_appends, p_aggregate_ids, p_aggregate_types, p_sequences, p_times, p_names, p_datas
    ) WITH ORDINALITY AS own (
        append, aggregate_id, aggregate_type, sequence, time, name, data, place
    )
    WHERE first_tokens[own.append] IS NOT NULL;

    INSERT INTO event_tag (context, key, value, token)
    SELECT
        p_context, own.key, own.value,
        first_tokens[p_appends[own.event]] + own.event - starts[p_appends[own.event]]
    FROM unnest(p_tag_events, p_tag_keys, p_tag_values) AS own (event, key, value)
    WHERE first_tokens[p_appends[own.event]] IS NOT NULL
    ON CONFLICT DO NOTHING;

    DELETE FROM scheduled_event AS s
    USING unnest(p_claim_appends, p_claim_tokens, p_claim_fences) AS own (append, token, fence)
    WHERE s.context = p_context AND s.token = own.token AND s.fence = own.fence
        AND first_tokens[own.append] IS NOT NULL;

    IF next_token > found_head THEN
        UPDATE context AS c
        SET head = next_token,
            latest_time = (
                SELECT e.latest_time FROM event AS e
                WHERE e.context = p_context AND e.token = next_token - 1
            )
        WHERE c.id = p_context;
    END IF;
END
$$;

-- What became of an append: asked under the head row, so after every transaction that may still
-- bring it, and answered after a write of our own, so after its commit has reached all that a commit
-- must reach.
CREATE FUNCTION find_append(
    p_context integer, p_append_id bytea,
    OUT is_known boolean, OUT first_token bigint, OUT count integer
)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    UPDATE context AS c SET lookups = c.lookups + 1
    WHERE c.id = p_context AND c.name IS NOT NULL;
    is_known := FOUND;
    SELECT k.first_token, k.count INTO first_token, count
    FROM append_key AS k WHERE k.context = p_context AND k.append_id = p_append_id;
END
$$;
