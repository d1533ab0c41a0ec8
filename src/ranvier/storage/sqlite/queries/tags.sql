-- name: is_event
SELECT 1 FROM event WHERE position = ?1

-- name: add
INSERT OR IGNORE INTO event_tag (context, key, value, token) VALUES (?1, ?2, ?3, ?4)

-- name: remove
DELETE FROM event_tag WHERE context = ?1 AND key = ?2 AND value = ?3 AND token = ?4

-- name: of_event
SELECT key, value FROM event_tag INDEXED BY event_tag_by_token
WHERE context = ?1 AND token = ?2
ORDER BY key, value
