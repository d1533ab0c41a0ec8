-- name: count_of_context
SELECT count(*) FROM persistent_stream WHERE context = ?1

-- name: create
INSERT OR IGNORE INTO persistent_stream (
    context, stream_id, name, policy, parameters, filter, handled, replayed
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
RETURNING id

-- name: add_segment
INSERT INTO persistent_segment (stream, segment, next_token, error)
VALUES (?, ?, ?, ?)

-- name: all
SELECT
    s.id,
    s.revision,
    s.stream_id,
    s.name,
    s.policy,
    s.parameters,
    s.filter,
    s.handled,
    s.replayed,
    (
        SELECT json_group_array(json_array(g.next_token, g.error) ORDER BY g.segment)
        FROM persistent_segment AS g
        WHERE g.stream = s.id
    )
FROM persistent_stream AS s
WHERE s.context = ?1 AND (?2 IS NULL OR s.stream_id = ?2)
ORDER BY s.stream_id

-- name: save_segment
UPDATE persistent_segment
SET next_token = ?4, error = ?5
WHERE stream = ?1 AND segment = ?2
    AND EXISTS (SELECT 1 FROM persistent_stream AS s WHERE s.id = ?1 AND s.revision = ?3)

-- name: save_layouts
UPDATE persistent_stream SET handled = ?3, replayed = ?4 WHERE id = ?1 AND revision = ?2

-- name: change
UPDATE persistent_stream
SET revision = revision + 1, name = ?3, handled = ?4, replayed = ?5
WHERE id = ?1 AND revision = ?2

-- name: remove_segments
DELETE FROM persistent_segment WHERE stream = ?1

-- name: remove
DELETE FROM persistent_stream
WHERE context = ?1 AND stream_id = ?2
RETURNING id

-- name: count
SELECT count(*)
FROM persistent_stream AS s JOIN context AS c ON c.id = s.context
WHERE c.name IS NOT NULL
