-- name: end_stuck
SELECT a.pid, a.application_name, pg_terminate_backend(a.pid)
FROM pg_stat_activity AS a
WHERE a.datname = current_database()
    AND a.pid <> pg_backend_pid()
    AND a.state_change < clock_timestamp() - interval '1 second'
    AND a.wait_event IN ('ClientRead', 'ClientWrite')
    AND a.xact_start IS NOT NULL
    AND EXISTS (
        SELECT 1 FROM pg_locks AS l
        WHERE l.pid = a.pid AND l.database = a.datid AND l.relation = 'context'::regclass AND l.granted
            AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
    )
