-- name: server
SELECT
    current_setting('server_version_num')::integer AS version,
    current_setting('synchronous_commit') AS synchronous_commit,
    current_setting('synchronous_standby_names') AS synchronous_standby_names,
    current_setting('fsync') AS fsync,
    current_setting('full_page_writes') AS full_page_writes,
    pg_is_in_recovery() AS is_standby,
    (SELECT count(*) FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum'))
        AS synchronous_standbys

-- name: identity
SELECT
    (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
    (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline

-- name: contexts
SELECT id, name, head FROM context WHERE name IS NOT NULL ORDER BY name

-- name: tokens
SELECT count(*), min(token), max(token) FROM event WHERE context = $1 AND token >= $2 AND token < $3

-- name: sequence_gaps
SELECT aggregate_id, count(*), min(sequence), max(sequence)
FROM event
WHERE context = $1 AND aggregate_id IS NOT NULL
GROUP BY aggregate_id
HAVING count(*) <> max(sequence) + 1 OR min(sequence) <> 0
LIMIT $2
