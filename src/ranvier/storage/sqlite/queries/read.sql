-- A page comes back as one row: the bytes of all its events joined, and their lengths as a format
-- that takes them apart again ("256s31s…"). One row is one step of the statement.

-- name: page
SELECT CAST(group_concat(data, '') AS BLOB), group_concat(length(data), 's'), max(position)
FROM event
WHERE position >= ?1 AND position < ?2

-- name: page_with_names
SELECT
    CAST(group_concat(data, '') AS BLOB),
    group_concat(length(data), 's'),
    max(position),
    group_concat(name, char(0))
FROM event
WHERE position >= ?1 AND position < ?2

-- name: page_lengths
SELECT group_concat(length(data), 's') FROM event WHERE position >= ?1 AND position < ?2

-- name: aggregate_page
SELECT CAST(group_concat(data, '') AS BLOB), group_concat(length(data), 's'), max(sequence)
FROM event INDEXED BY event_by_aggregate
WHERE context = ?1 AND aggregate_id = ?2 AND sequence BETWEEN ?3 AND ?4

-- name: aggregate_page_lengths
SELECT group_concat(length(data), 's')
FROM event INDEXED BY event_by_aggregate
WHERE context = ?1 AND aggregate_id = ?2 AND sequence BETWEEN ?3 AND ?4

-- name: chosen_events
SELECT CAST(group_concat(e.data, '') AS BLOB), group_concat(length(e.data), 's'), count(*)
FROM json_each(?1) AS chosen CROSS JOIN event AS e ON e.position = ?2 + chosen.value

-- name: chosen_lengths
SELECT group_concat(length(e.data), 's')
FROM json_each(?1) AS chosen CROSS JOIN event AS e ON e.position = ?2 + chosen.value

-- name: tokens_by_tags
SELECT
    json_group_array(candidate.token) FILTER (
        WHERE NOT EXISTS (
            SELECT 1 FROM json_each(?6) AS other
            WHERE NOT EXISTS (
                SELECT 1 FROM event_tag AS o
                WHERE o.context = ?1 AND o.key = unhex(other.value ->> 0)
                    AND o.value = unhex(other.value ->> 1) AND o.token = candidate.token
            )
        )
        AND (
            ?7 IS NULL
            OR (SELECT e.name FROM event AS e WHERE e.position = ?8 + candidate.token)
                IN (SELECT value FROM json_each(?7))
        )
    ),
    count(*),
    max(candidate.token)
FROM (
    SELECT token FROM event_tag
    WHERE context = ?1 AND key = ?2 AND value = ?3 AND token >= ?4 AND token < ?5
    ORDER BY token LIMIT ?9
) AS candidate

-- name: tokens_by_names
SELECT
    json_group_array(position - ?3) FILTER (
        WHERE ?4 IS NULL OR name IN (SELECT value FROM json_each(?4))
    )
FROM event
WHERE position >= ?1 AND position < ?2

-- name: head
SELECT head FROM context WHERE id = ?1

-- name: heads
SELECT id, name, head FROM context WHERE name IS NOT NULL

-- name: first_position
SELECT min(position) FROM event WHERE position >= ?1 AND position < ?2

-- name: last_sequence
SELECT max(sequence) FROM event INDEXED BY event_by_aggregate
WHERE context = ?1 AND aggregate_id = ?2

-- name: first_token_at
-- latest_time never falls from one token to the next, so the first event at or after a time is
-- found by halving.
WITH RECURSIVE halving (low, high) AS (
    SELECT ?2, (SELECT head FROM context WHERE id = ?1)
    UNION ALL
    SELECT
        iif(middle.latest_time >= ?4, low, middle.position - ?3 + 1),
        iif(middle.latest_time >= ?4, middle.position - ?3, high)
    FROM halving JOIN event AS middle ON middle.position = ?3 + (low + high) / 2
    WHERE low < high
)
SELECT low FROM halving WHERE low >= high LIMIT 1
