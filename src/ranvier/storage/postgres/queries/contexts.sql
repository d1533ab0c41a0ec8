-- name: all
SELECT id, name, is_placed FROM context WHERE name IS NOT NULL

-- name: marks
SELECT id, name, dcb, property_revision, is_placed FROM context WHERE name IS NOT NULL

-- name: describe_all
SELECT
    c.name, c.dcb, c.head,
    coalesce(array_agg(p.name) FILTER (WHERE p.name IS NOT NULL), '{}') AS names,
    coalesce(array_agg(p.value) FILTER (WHERE p.name IS NOT NULL), '{}') AS values
FROM context AS c LEFT JOIN context_property AS p ON p.context = c.id
WHERE c.name IS NOT NULL
GROUP BY c.id, c.name, c.dcb, c.head
ORDER BY c.name

-- name: create
SELECT create_context($1, $2, $3, $4, $5)

-- name: create_placed
SELECT create_placed_context($1, $2, $3, $4, $5, $6)

-- name: change_properties
SELECT change_properties($1, $2, $3, $4)

-- name: describe
SELECT
    c.name, c.dcb, c.head,
    ARRAY(SELECT p.name FROM context_property AS p WHERE p.context = c.id ORDER BY p.name)
        AS names,
    ARRAY(SELECT p.value FROM context_property AS p WHERE p.context = c.id ORDER BY p.name)
        AS values
FROM context AS c WHERE c.id = $1 AND c.name IS NOT NULL

-- name: mark_deleted
UPDATE context SET name = NULL WHERE name = $1 RETURNING id

-- name: deleted
SELECT id FROM context WHERE name IS NULL

-- name: clear_event
DELETE FROM event WHERE ctid = ANY (ARRAY(SELECT ctid FROM event WHERE context = $1 LIMIT $2))

-- name: clear_event_tag
DELETE FROM event_tag
WHERE ctid = ANY (ARRAY(SELECT ctid FROM event_tag WHERE context = $1 LIMIT $2))

-- name: clear_append_key
DELETE FROM append_key
WHERE ctid = ANY (ARRAY(SELECT ctid FROM append_key WHERE context = $1 LIMIT $2))

-- name: clear_snapshot
DELETE FROM snapshot
WHERE ctid = ANY (ARRAY(SELECT ctid FROM snapshot WHERE context = $1 LIMIT $2))

-- name: clear_snapshot_count
DELETE FROM snapshot_count WHERE context = $1 AND $2 > 0

-- name: clear_keyed_snapshot
DELETE FROM keyed_snapshot
WHERE ctid = ANY (ARRAY(SELECT ctid FROM keyed_snapshot WHERE context = $1 LIMIT $2))

-- name: clear_scheduled_event
DELETE FROM scheduled_event
WHERE ctid = ANY (ARRAY(SELECT ctid FROM scheduled_event WHERE context = $1 LIMIT $2))

-- name: clear_context_property
DELETE FROM context_property
WHERE ctid = ANY (ARRAY(SELECT ctid FROM context_property WHERE context = $1 LIMIT $2))

-- name: clear_processor_strategy
DELETE FROM processor_strategy
WHERE ctid = ANY (ARRAY(SELECT ctid FROM processor_strategy WHERE context = $1 LIMIT $2))

-- name: clear_persistent_segment
DELETE FROM persistent_segment
WHERE ctid = ANY (ARRAY(
    SELECT g.ctid FROM persistent_segment AS g JOIN persistent_stream AS s ON s.id = g.stream
    WHERE s.context = $1 LIMIT $2
))

-- name: clear_persistent_stream
DELETE FROM persistent_stream
WHERE ctid = ANY (ARRAY(SELECT ctid FROM persistent_stream WHERE context = $1 LIMIT $2))

-- name: remove
DELETE FROM context WHERE id = $1 AND name IS NULL
