-- name: all
SELECT id, name, dcb FROM context WHERE name IS NOT NULL

-- name: marks
SELECT name, id, dcb, property_revision FROM context WHERE name IS NOT NULL

-- name: describe_all
SELECT
    c.name,
    c.dcb,
    c.head,
    (SELECT json_group_object(p.name, p.value) FROM context_property AS p WHERE p.context = c.id)
FROM context AS c
WHERE c.name IS NOT NULL
ORDER BY c.name

-- name: create
INSERT INTO context (name, dcb) VALUES (?1, ?2)
RETURNING id

-- name: describe
SELECT
    name,
    dcb,
    head,
    (SELECT json_group_object(p.name, p.value) FROM context_property AS p WHERE p.context = ?1)
FROM context
WHERE id = ?1

-- name: set_property
INSERT INTO context_property (context, name, value) VALUES (?1, ?2, ?3)
ON CONFLICT (context, name) DO UPDATE SET value = excluded.value

-- name: remove_property
DELETE FROM context_property WHERE context = ?1 AND name = ?2

-- name: properties_changed
UPDATE context SET property_revision = property_revision + 1 WHERE id = ?1

-- name: property_count
SELECT count(*) FROM context_property WHERE context = ?1

-- name: mark_deleted
UPDATE context SET name = NULL WHERE id = ?1

-- name: deleted
SELECT id FROM context WHERE name IS NULL

-- name: clear_events
DELETE FROM event
WHERE position IN (
    SELECT position FROM event WHERE position >= ?1 << 40 AND position < (?1 + 1) << 40 LIMIT ?2
)

-- name: clear_tags
DELETE FROM event_tag
WHERE (context, key, value, token) IN (
    SELECT context, key, value, token FROM event_tag WHERE context = ?1 LIMIT ?2
)

-- name: clear_append_keys
DELETE FROM append_key
WHERE (context, append_id) IN (
    SELECT context, append_id FROM append_key WHERE context = ?1 LIMIT ?2
)

-- name: clear_snapshots
DELETE FROM snapshot
WHERE id IN (SELECT id FROM snapshot WHERE context = ?1 LIMIT ?2)

-- name: clear_keyed_snapshots
DELETE FROM keyed_snapshot
WHERE id IN (SELECT id FROM keyed_snapshot WHERE context = ?1 LIMIT ?2)

-- name: clear_scheduled_events
DELETE FROM scheduled_event
WHERE id IN (SELECT id FROM scheduled_event WHERE context = ?1 LIMIT ?2)

-- name: clear_properties
DELETE FROM context_property
WHERE (context, name) IN (
    SELECT context, name FROM context_property WHERE context = ?1 LIMIT ?2
)

-- name: clear_strategies
DELETE FROM processor_strategy
WHERE (context, processor, token_store) IN (
    SELECT context, processor, token_store FROM processor_strategy WHERE context = ?1 LIMIT ?2
)

-- name: clear_persistent_segments
DELETE FROM persistent_segment
WHERE (stream, segment) IN (
    SELECT g.stream, g.segment
    FROM persistent_stream AS s JOIN persistent_segment AS g ON g.stream = s.id
    WHERE s.context = ?1
    LIMIT ?2
)

-- name: clear_persistent_streams
DELETE FROM persistent_stream
WHERE id IN (SELECT id FROM persistent_stream WHERE context = ?1 LIMIT ?2)

-- name: remove
DELETE FROM context WHERE id = ?1
