-- name: add
INSERT INTO scheduled_event (
    token, context, due, next_attempt, aggregate_id, aggregate_type, sequence, time, name, data
)
VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9)

-- name: replace
SELECT replace_scheduled($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: remove
DELETE FROM scheduled_event WHERE token = $1 AND context = $2 RETURNING id

-- name: next_attempt
SELECT min(s.next_attempt)
FROM scheduled_event AS s JOIN context AS c ON c.id = s.context
WHERE s.next_attempt IS NOT NULL AND c.name IS NOT NULL

-- name: claim
WITH due AS (
    SELECT s.id
    FROM scheduled_event AS s
    -- A node whose clock is ahead publishes nothing before its time.
    WHERE s.next_attempt <= least($2, (extract(epoch FROM statement_timestamp()) * 1000)::bigint)
        AND EXISTS (SELECT 1 FROM context AS c WHERE c.id = s.context AND c.name IS NOT NULL)
    ORDER BY s.next_attempt, s.id
    LIMIT $4
    FOR UPDATE SKIP LOCKED
),
claimed AS (
    UPDATE scheduled_event AS s
    SET fence = fence + 1, claimed_by = $1, next_attempt = $3
    FROM due WHERE s.id = due.id
    RETURNING s.*
)
SELECT
    c.name AS context_name, n.fence, n.attempts, n.token, n.due,
    n.name, n.data, n.time, n.aggregate_id, n.aggregate_type, n.sequence
FROM claimed AS n JOIN context AS c ON c.id = n.context
ORDER BY n.due, n.id

-- name: release
UPDATE scheduled_event SET claimed_by = NULL, next_attempt = due
WHERE id IN (
    SELECT s.id FROM scheduled_event AS s
    WHERE s.claimed_by = $1 AND s.next_attempt IS NOT NULL
    ORDER BY s.token FOR UPDATE
)

-- name: refused
UPDATE scheduled_event
SET claimed_by = NULL, error = $3, attempts = $4, next_attempt = $5
WHERE token = $1 AND fence = $2

-- name: counts
SELECT c.name, count(s.next_attempt) AS waiting, count(*) - count(s.next_attempt) AS parked
FROM context AS c JOIN scheduled_event AS s ON s.context = c.id
WHERE c.name IS NOT NULL
GROUP BY c.name

-- name: parked
SELECT attempts, error, token, due, name, data, time, aggregate_id, aggregate_type, sequence
FROM scheduled_event
WHERE context = $1 AND next_attempt IS NULL
ORDER BY id
LIMIT $2
