-- name: facts
SELECT
    head, tag_revision, last_sequences, latest_matches, stored_bases, held_tokens, held_fences
FROM append_facts($1, $2, $3, $4, $5)

-- name: append
SELECT found_head, first_tokens
FROM append_batch(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22
)

-- name: append_one
SELECT found_head, is_stored FROM append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: find_append
SELECT is_known, first_token, count FROM find_append($1, $2)

-- name: forget_append_keys
DELETE FROM append_key
WHERE (context, append_id) IN (
    SELECT k.context, k.append_id FROM append_key AS k
    WHERE k.context = $1 AND k.first_token < $2
    ORDER BY k.append_id LIMIT $3
    FOR UPDATE SKIP LOCKED
)

-- name: head
-- Where commits wait for a standby, what is seen may not be there yet.
SELECT head, current_setting('synchronous_standby_names') <> '' AS waits_for_standby
FROM context WHERE id = $1 AND name IS NOT NULL

-- name: heads
SELECT id, name, head, current_setting('synchronous_standby_names') <> '' AS waits_for_standby
FROM context WHERE name IS NOT NULL AND NOT is_placed

-- name: first_token
SELECT coalesce(min(token), 0) FROM event WHERE context = $1

-- name: last_sequence
SELECT
    sequence, token, current_setting('synchronous_standby_names') <> '' AS waits_for_standby
FROM event WHERE context = $1 AND aggregate_id = $2
ORDER BY sequence DESC LIMIT 1

-- name: first_token_at
-- latest_time never falls from one token to the next, so the first event at or after a time is
-- found by halving.
WITH RECURSIVE halving (low, high) AS (
    SELECT coalesce((SELECT min(token) FROM event WHERE context = $1), c.head), c.head
    FROM context AS c WHERE c.id = $1
    UNION ALL
    SELECT
        CASE WHEN middle.latest_time >= $2 THEN low ELSE middle.token + 1 END,
        CASE WHEN middle.latest_time >= $2 THEN middle.token ELSE high END
    FROM halving
    JOIN event AS middle ON middle.context = $1 AND middle.token = (low + high) / 2
    WHERE low < high
)
SELECT low FROM halving WHERE low >= high LIMIT 1

-- name: page
SELECT token, data
FROM (
    SELECT token, data, sum(length(data)) OVER (ORDER BY token) AS bytes_with
    FROM (
        SELECT token, data FROM event
        WHERE context = $1 AND token >= $2 AND token < $3
        ORDER BY token LIMIT $5
    ) AS rows
) AS measured
WHERE bytes_with <= $4 OR token = $2
ORDER BY token

-- name: page_with_names
SELECT token, data, name
FROM (
    SELECT token, data, name, sum(length(data)) OVER (ORDER BY token) AS bytes_with
    FROM (
        SELECT token, data, name FROM event
        WHERE context = $1 AND token >= $2 AND token < $3
        ORDER BY token LIMIT $5
    ) AS rows
) AS measured
WHERE bytes_with <= $4 OR token = $2
ORDER BY token

-- name: aggregate_page
-- Where commits wait for a standby, what is seen may not be there yet.
SELECT
    sequence, data, looked_at, token,
    current_setting('synchronous_standby_names') <> '' AS waits_for_standby
FROM (
    SELECT
        sequence, data, token,
        sum(length(data)) OVER (ORDER BY sequence) AS bytes_with,
        count(*) OVER () AS looked_at,
        row_number() OVER (ORDER BY sequence) AS place
    FROM (
        SELECT sequence, data, token FROM event
        WHERE context = $1 AND aggregate_id = $2 AND sequence BETWEEN $3 AND $4
        ORDER BY sequence LIMIT $6
    ) AS rows
) AS measured
WHERE bytes_with <= $5 OR place = 1
ORDER BY sequence

-- name: matching_page
-- Candidates are looked at in the order of their tokens, so many at a time; `next_token` says how
-- far they go, also where none of them matches.
SELECT * FROM matching_page($1, $2, $3, $4, $5, $6)
