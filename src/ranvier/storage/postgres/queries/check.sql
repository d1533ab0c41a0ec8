-- name: server
SELECT
    current_setting('server_version_num')::integer AS version,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes

-- name: contexts
SELECT id, name, head FROM context WHERE name IS NOT NULL ORDER BY name

-- name: tokens
SELECT count(*), min(token), max(token) FROM event WHERE context = $1 AND token >= $2 AND token < $3

-- name: sequence_gaps
-- One page of an index, each row held against the one before it; the last row leads to the next page.
SELECT
    count(*) AS looked_at,
    array_agg(DISTINCT page.aggregate_id) FILTER (
        WHERE page.sequence <> CASE WHEN page.id_before = page.aggregate_id
            THEN page.sequence_before + 1 ELSE 0 END
    ) AS broken,
    max(page.aggregate_id) AS last_id,
    max(page.sequence) FILTER (WHERE page.is_last) AS last_sequence
FROM (
    SELECT
        rows.aggregate_id, rows.sequence,
        lag(rows.aggregate_id, 1, $2) OVER (ORDER BY rows.aggregate_id, rows.sequence) AS id_before,
        lag(rows.sequence, 1, $3) OVER (ORDER BY rows.aggregate_id, rows.sequence)
            AS sequence_before,
        lead(rows.sequence) OVER (ORDER BY rows.aggregate_id, rows.sequence) IS NULL AS is_last
    FROM (
        SELECT e.aggregate_id, e.sequence FROM event AS e
        WHERE e.context = $1 AND e.aggregate_id IS NOT NULL
            AND (e.aggregate_id, e.sequence) > ($2::text, $3::bigint)
        ORDER BY e.aggregate_id, e.sequence LIMIT $4
    ) AS rows
) AS page

-- name: replication
-- Without the right to, the standbys can be counted and not looked at. Back-ups stream, too.
SELECT
    current_setting('synchronous_standby_names') AS names,
    count(*) AS standbys,
    count(*) FILTER (WHERE state IS NULL) AS hidden,
    count(*) FILTER (WHERE state = 'streaming' AND sync_state IN ('sync', 'quorum')) AS synchronous
FROM pg_stat_replication
WHERE state IS DISTINCT FROM 'backup'

-- name: is_standby
SELECT pg_is_in_recovery()
