-- name: context_facts
SELECT
    c.head,
    c.latest_time,
    (
        SELECT json_group_array(coalesce(
            (
                SELECT e.sequence FROM event AS e
                WHERE e.context = c.id AND e.aggregate_id = wanted.value
                ORDER BY e.sequence DESC LIMIT 1
            ),
            -1
        ))
        FROM json_each(?2) AS wanted
    )
FROM context AS c
WHERE c.id = ?1 AND c.name IS NOT NULL

-- name: context_facts_of_one
SELECT
    c.head,
    c.latest_time,
    (
        SELECT e.sequence FROM event AS e
        WHERE e.context = c.id AND e.aggregate_id = ?2
        ORDER BY e.sequence DESC LIMIT 1
    )
FROM context AS c
WHERE c.id = ?1 AND c.name IS NOT NULL

-- name: stored_append
SELECT first_token, count FROM append_key WHERE context = ?1 AND append_id = ?2

-- name: insert_event
INSERT INTO event (
    position, context, aggregate_id, aggregate_type, sequence, time, latest_time, name, data
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: insert_tag
INSERT OR IGNORE INTO event_tag (context, key, value, token) VALUES (?, ?, ?, ?)

-- name: insert_append_key
INSERT INTO append_key (context, append_id, first_token, count) VALUES (?, ?, ?, ?)

-- name: move_head
UPDATE context SET head = ?2, latest_time = ?3 WHERE id = ?1

-- name: forget_append_keys
DELETE FROM append_key
WHERE context = ?1
    AND append_id <= (
        SELECT max(append_id)
        FROM (
            SELECT append_id FROM append_key
            WHERE context = ?1 AND append_id < ?2
            ORDER BY append_id LIMIT ?3
        )
    )
