-- name: last_sequence
SELECT coalesce(max(sequence), -1) FROM event WHERE context = $1 AND aggregate_id = $2

-- name: put
-- An aggregate only grows: what its last event was a moment ago it has reached for ever. So no lock
-- is needed for the comparison.
WITH reached AS (
    SELECT coalesce(max(sequence), -1) AS sequence
    FROM event WHERE context = $1 AND aggregate_id = $2
),
stored AS (
    INSERT INTO snapshot (context, aggregate_id, sequence, time, name, data)
    SELECT $1, $2, $3, $4, $5, $6 FROM reached WHERE reached.sequence >= $3
    ON CONFLICT (context, aggregate_id, sequence)
        DO UPDATE SET time = excluded.time, name = excluded.name, data = excluded.data
    RETURNING xmax = 0 AS is_new
),
counted AS (
    INSERT INTO snapshot_count (context, count)
    SELECT $1, 1 FROM stored WHERE is_new
    ON CONFLICT (context) DO UPDATE SET count = snapshot_count.count + 1
)
SELECT sequence FROM reached

-- name: newest_first
SELECT aggregate_id, sequence, time, data, name
FROM snapshot
WHERE context = $1 AND aggregate_id = $2 AND sequence BETWEEN $3 AND $4
ORDER BY sequence DESC
LIMIT $5

-- name: counts
SELECT c.name, coalesce(n.count, 0)
FROM context AS c LEFT JOIN snapshot_count AS n ON n.context = c.id
WHERE c.name IS NOT NULL

-- name: browse_all
SELECT aggregate_id, sequence, time, data, name FROM snapshot
WHERE context = $1
ORDER BY aggregate_id DESC, sequence DESC
LIMIT $2

-- name: browse_before
SELECT aggregate_id, sequence, time, data, name FROM snapshot
WHERE context = $1 AND (aggregate_id, sequence) < ($2, $3)
ORDER BY aggregate_id DESC, sequence DESC
LIMIT $4
