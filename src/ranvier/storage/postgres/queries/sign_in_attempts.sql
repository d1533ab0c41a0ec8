-- name: seen
SELECT
    subject, failures,
    greatest(0, extract(epoch FROM clock_timestamp())::double precision - last_at), is_familiar
FROM sign_in_attempt
WHERE subject = ANY($1::bytea[])

-- name: begin
SELECT begin_sign_in($1, $2, $3, $4, $5)

-- name: succeeded
SELECT finish_sign_in($1, $2, $3)

-- name: sweep
DELETE FROM sign_in_attempt
WHERE subject IN (
    SELECT a.subject
    FROM sign_in_attempt AS a
    WHERE (NOT a.is_familiar AND a.last_at < extract(epoch FROM clock_timestamp())::double precision - $1)
        OR (a.is_familiar AND a.last_at < extract(epoch FROM clock_timestamp())::double precision - $2)
    LIMIT $3
    FOR UPDATE SKIP LOCKED
)
