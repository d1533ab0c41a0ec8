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
