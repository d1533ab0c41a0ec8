-- name: all
SELECT id, name FROM context WHERE name IS NOT NULL

-- name: create
INSERT INTO context (name, dcb) VALUES ($1, $2) RETURNING id

-- name: describe
SELECT name, dcb, head FROM context WHERE id = $1 AND name IS NOT NULL

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

-- name: remove
DELETE FROM context WHERE id = $1 AND name IS NULL
