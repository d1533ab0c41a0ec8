-- name: take
-- Nodes and copies tell who they are; what another role runs cannot be seen without the right to.
SELECT
    pg_try_advisory_lock($1) AS is_taken,
    (
        SELECT count(*) FROM pg_stat_activity AS a
        WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
            AND a.application_name IN ('ranvier writer', 'ranvier reader', 'ranvier heartbeat')
    ) AS users

-- name: begun
SELECT 1 FROM pg_class AS c
WHERE c.relnamespace = to_regnamespace('ranvier') AND c.relname = 'database_copy'

-- name: begin
CREATE TABLE IF NOT EXISTS database_copy (source text NOT NULL)

-- name: source
SELECT source FROM database_copy

-- name: note_source
WITH gone AS (DELETE FROM database_copy) INSERT INTO database_copy (source) VALUES ($1)

-- name: has_contexts
SELECT EXISTS (
    SELECT 1 FROM context
    WHERE head > 0 OR (name IS NOT NULL AND name <> 'default')
)

-- name: finish
SELECT
    setval(pg_get_serial_sequence('context', 'id'), coalesce((SELECT max(id) FROM context), 0) + 1),
    setval(
        pg_get_serial_sequence('scheduled_event', 'id'),
        coalesce((SELECT max(id) FROM scheduled_event), 0) + 1
    ),
    setval(
        pg_get_serial_sequence('persistent_stream', 'id'),
        coalesce((SELECT max(id) FROM persistent_stream), 0) + 1
    );
DROP TABLE database_copy;
