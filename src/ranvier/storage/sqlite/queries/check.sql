-- name: contexts
SELECT id, name, head FROM context WHERE name IS NOT NULL ORDER BY name

-- name: head
SELECT head FROM context WHERE id = ?1

-- name: count
SELECT count(*) FROM event WHERE position >= ?1 AND position < ?2

-- name: aggregates
SELECT aggregate_id, min(sequence), max(sequence), count(*)
FROM event INDEXED BY event_by_aggregate
WHERE context = ?1 AND aggregate_id > ?2
GROUP BY aggregate_id
LIMIT ?3

-- name: append_keys
SELECT count(*), count(*) FILTER (WHERE first_token + count > ?2) FROM append_key WHERE context = ?1
