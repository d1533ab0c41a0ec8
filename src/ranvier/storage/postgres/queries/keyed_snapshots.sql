-- name: put
INSERT INTO keyed_snapshot (context, key, sequence, data) VALUES ($1, $2, $3, $4)
ON CONFLICT (context, key, sequence) DO UPDATE SET data = excluded.data

-- name: put_and_prune
WITH pruned AS (
    DELETE FROM keyed_snapshot WHERE context = $1 AND key = $2 AND sequence < $3
)
INSERT INTO keyed_snapshot (context, key, sequence, data) VALUES ($1, $2, $3, $4)
ON CONFLICT (context, key, sequence) DO UPDATE SET data = excluded.data

-- name: drop_lower
DELETE FROM keyed_snapshot WHERE context = $1 AND key = $2 AND sequence < $3

-- name: newest
SELECT sequence, data FROM keyed_snapshot
WHERE context = $1 AND key = $2
ORDER BY sequence DESC LIMIT 1

-- name: page
SELECT sequence, data
FROM (
    SELECT
        sequence, data,
        sum(length(data)) OVER (ORDER BY sequence DESC) AS bytes_with,
        row_number() OVER (ORDER BY sequence DESC) AS place
    FROM (
        SELECT sequence, data FROM keyed_snapshot
        WHERE context = $1 AND key = $2 AND sequence >= $3 AND sequence < $4
        ORDER BY sequence DESC LIMIT $6
    ) AS rows
) AS measured
WHERE bytes_with <= $5 OR place = 1
ORDER BY sequence DESC
