-- name: put
INSERT OR REPLACE INTO keyed_snapshot (context, key, sequence, data) VALUES (?1, ?2, ?3, ?4)

-- name: drop_lower
DELETE FROM keyed_snapshot
WHERE id IN (
    SELECT id FROM keyed_snapshot
    WHERE context = ?1 AND key = ?2 AND sequence < ?3
    ORDER BY sequence LIMIT ?4
)

-- name: newest
SELECT sequence, data FROM keyed_snapshot
WHERE context = ?1 AND key = ?2
ORDER BY sequence DESC LIMIT 1

-- name: lengths
SELECT sequence, length(data) FROM keyed_snapshot
WHERE context = ?1 AND key = ?2 AND sequence >= ?3 AND sequence < ?4
ORDER BY sequence DESC LIMIT ?5

-- name: between
SELECT sequence, data FROM keyed_snapshot
WHERE context = ?1 AND key = ?2 AND sequence >= ?3 AND sequence < ?4
ORDER BY sequence DESC LIMIT ?5
