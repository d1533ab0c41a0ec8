-- name: put
INSERT OR REPLACE INTO snapshot (context, aggregate_id, sequence, time, name, data)
VALUES (?, ?, ?, ?, ?, ?)

-- name: newest_first
SELECT aggregate_id, sequence, time, data, name
FROM snapshot
WHERE context = ?1 AND aggregate_id = ?2 AND sequence BETWEEN ?3 AND ?4
ORDER BY sequence DESC
LIMIT ?5

-- name: is_stored
SELECT 1 FROM snapshot WHERE context = ?1 AND aggregate_id = ?2 AND sequence = ?3

-- name: count_one_more
UPDATE context SET snapshot_count = snapshot_count + 1 WHERE id = ?1

-- name: counts
SELECT name, snapshot_count FROM context WHERE name IS NOT NULL

-- name: browse_all
SELECT aggregate_id, sequence, time, data, name FROM snapshot
WHERE context = ?1
ORDER BY aggregate_id DESC, sequence DESC
LIMIT ?2

-- name: browse_before
SELECT aggregate_id, sequence, time, data, name FROM snapshot
WHERE context = ?1 AND (aggregate_id, sequence) < (?2, ?3)
ORDER BY aggregate_id DESC, sequence DESC
LIMIT ?4
