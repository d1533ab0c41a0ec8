-- name: put
INSERT OR REPLACE INTO snapshot (context, aggregate_id, sequence, time, name, data)
VALUES (?, ?, ?, ?, ?, ?)

-- name: newest_first
SELECT aggregate_id, sequence, time, data, name
FROM snapshot
WHERE context = ?1 AND aggregate_id = ?2 AND sequence BETWEEN ?3 AND ?4
ORDER BY sequence DESC
LIMIT ?5
