-- name: add
INSERT INTO scheduled_event (
    token, context, due, next_attempt, aggregate_id, aggregate_type, sequence, time, name, data
)
VALUES (?1, ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9)

-- name: remove
DELETE FROM scheduled_event WHERE token = ?1 AND context = ?2

-- name: next_attempt
SELECT s.next_attempt
FROM scheduled_event AS s
WHERE s.next_attempt IS NOT NULL
    AND EXISTS (SELECT 1 FROM context AS c WHERE c.id = s.context AND c.name IS NOT NULL)
ORDER BY s.next_attempt
LIMIT 1

-- name: claim
UPDATE scheduled_event
SET fence = fence + 1, claimed_by = ?1, next_attempt = ?3
WHERE id IN (
    SELECT s.id
    FROM scheduled_event AS s
    WHERE s.next_attempt <= ?2
        AND EXISTS (SELECT 1 FROM context AS c WHERE c.id = s.context AND c.name IS NOT NULL)
    ORDER BY s.next_attempt, s.id
    LIMIT ?4
)
RETURNING
    id,
    (SELECT c.name FROM context AS c WHERE c.id = scheduled_event.context),
    fence,
    attempts,
    token,
    due,
    name,
    data,
    time,
    aggregate_id,
    aggregate_type,
    sequence

-- name: release
UPDATE scheduled_event
SET claimed_by = NULL, next_attempt = due
WHERE claimed_by = ?1 AND next_attempt IS NOT NULL

-- name: refused
UPDATE scheduled_event
SET claimed_by = NULL, error = ?3, attempts = ?4, next_attempt = ?5
WHERE token = ?1 AND fence = ?2

-- name: is_held
SELECT 1 FROM scheduled_event WHERE token = ?1 AND fence = ?2 AND context = ?3

-- name: use_up
DELETE FROM scheduled_event WHERE token = ?1 AND fence = ?2

-- name: counts
SELECT c.name, count(s.next_attempt), count(*) - count(s.next_attempt)
FROM context AS c JOIN scheduled_event AS s ON s.context = c.id
WHERE c.name IS NOT NULL
GROUP BY c.id

-- name: parked
SELECT
    attempts, error, token, due, name, data, time, aggregate_id, aggregate_type, sequence
FROM scheduled_event
WHERE context = ?1 AND next_attempt IS NULL
ORDER BY id
LIMIT ?2
