-- name: end_stuck
SELECT a.pid, a.application_name, pg_terminate_backend(a.pid)
FROM pg_stat_activity AS a
WHERE a.pid <> pg_backend_pid()
    AND a.wait_event IN ('ClientRead', 'ClientWrite')
    AND a.xact_start IS NOT NULL
    AND EXISTS (
        SELECT 1 FROM pg_locks AS l
        WHERE l.pid = a.pid AND l.relation = 'context'::regclass AND l.granted
            AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
    )
