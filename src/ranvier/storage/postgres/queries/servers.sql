-- name: identify
-- Which database this is, and which of its lives: a promotion begins a new timeline. The timeline is
-- that of the log now being written; the control file would go on telling the former one for a while.
-- Newer servers end a transaction that lasts, whatever it waits for; older ones do not know how.
SELECT
    (SELECT system_identifier FROM pg_control_system()) AS system_identifier,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer AS timeline,
    current_setting('server_version_num')::integer AS version,
    version() AS product,
    current_setting('server_encoding') AS encoding,
    current_setting('fsync') = 'on' AS fsync,
    current_setting('full_page_writes') = 'on' AS full_page_writes,
    CASE WHEN current_setting('server_version_num')::integer >= 170000
        THEN set_config('transaction_timeout', $1, false) END AS transaction_timeout

-- name: confirm
-- A commit that writes something, or it would wait for nobody; no table is touched.
SELECT pg_logical_emit_message(true, 'ranvier', '')
