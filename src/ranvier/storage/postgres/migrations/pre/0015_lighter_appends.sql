-- What `append_batch` of before did, with less work under the head row: nothing is asked of a table
-- that the batch does not touch, what others have appended is met by a hash and not one by one, and
-- what is the same for all of a batch comes once:
--
-- `p_counts` and `p_appends` are empty where each append has one event; `p_aggregate_types` and
-- `p_names` have one element where all events share it. Whole arrays are taken, too: nodes of before
-- send them.
CREATE OR REPLACE FUNCTION append_batch(
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
    event_count integer := cardinality(p_datas);
    condition jsonb;
    found_tags bigint;
    found_latest bigint;
    next_token bigint;
    next_start integer := 1;
    place integer;
BEGIN
    IF cardinality(p_counts) = 0 THEN
        p_counts := array_fill(1, ARRAY[append_count]);
        p_appends := ARRAY(SELECT generate_series(1, append_count));
    END IF;
    IF cardinality(p_aggregate_types) < event_count THEN
        p_aggregate_types := array_fill(p_aggregate_types[1], ARRAY[event_count]);
    END IF;
    IF cardinality(p_names) < event_count THEN
        p_names := array_fill(p_names[1], ARRAY[event_count]);
    END IF;
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
            -- Not by the aggregates' index: one of them may have a million older events.
            JOIN unnest(p_aggregate_ids) AS own (id) ON own.id = e.aggregate_id || ''
            WHERE e.context = p_context AND e.token >= p_seen_head
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

    IF cardinality(p_tag_keys) > 0 THEN
        INSERT INTO event_tag (context, key, value, token)
        SELECT
            p_context, own.key, own.value,
            first_tokens[p_appends[own.event]] + own.event - starts[p_appends[own.event]]
        FROM unnest(p_tag_events, p_tag_keys, p_tag_values) AS own (event, key, value)
        WHERE first_tokens[p_appends[own.event]] IS NOT NULL
        ON CONFLICT DO NOTHING;
    END IF;

    IF cardinality(p_claim_tokens) > 0 THEN
        DELETE FROM scheduled_event AS s
        USING unnest(p_claim_appends, p_claim_tokens, p_claim_fences) AS own (append, token, fence)
        WHERE s.context = p_context AND s.token = own.token AND s.fence = own.fence
            AND first_tokens[own.append] IS NOT NULL;
    END IF;

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

-- Stores one event that comes alone, without tags, conditions and claims, as `append_batch` would.
--
-- Answers the head that was found (-1: no such context) and whether the event was stored there; if
-- not, something since `p_seen_head` touches it or the head is not the one that the node knew.
CREATE FUNCTION append_one(
    p_context integer, p_seen_head bigint, p_floor bigint,
    p_append_id bytea, p_aggregate_id text, p_aggregate_type text, p_sequence bigint,
    p_time bigint, p_name text, p_data bytea,
    OUT found_head bigint, OUT is_stored boolean
)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    latest bigint;
BEGIN
    is_stored := false;
    SELECT c.head, greatest(c.latest_time, p_time) INTO found_head, latest
    FROM context AS c WHERE c.id = p_context AND c.name IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        found_head := -1;
        RETURN;
    END IF;
    IF found_head < greatest(p_seen_head, p_floor) THEN
        RETURN;
    END IF;
    IF found_head > p_seen_head AND EXISTS (
        SELECT 1 FROM event AS e
        WHERE e.context = p_context AND e.token >= p_seen_head
            AND e.aggregate_id || '' = p_aggregate_id
    ) THEN
        RETURN;
    END IF;
    is_stored := true;
    INSERT INTO append_key (context, append_id, first_token, count)
    VALUES (p_context, p_append_id, found_head, 1);
    INSERT INTO event (
        context, token, aggregate_id, aggregate_type, sequence, time, latest_time, name, data
    ) VALUES (
        p_context, found_head, p_aggregate_id, p_aggregate_type, p_sequence, p_time, latest,
        p_name, p_data
    );
    UPDATE context AS c SET head = found_head + 1, latest_time = latest WHERE c.id = p_context;
END
$$;
