-- name: seen
SELECT subject, failures, max(0, unixepoch('subsec') - last_at), is_familiar
FROM sign_in_attempt
WHERE subject IN (?1, ?2, ?3)

-- name: begin
INSERT INTO sign_in_attempt (subject, failures, last_at)
VALUES (?1, ?3, unixepoch('subsec'))
ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at
WHERE sign_in_attempt.failures = ?2
RETURNING subject

-- name: count_address
INSERT INTO sign_in_attempt (subject, failures, last_at)
VALUES (?1, 1, unixepoch('subsec'))
ON CONFLICT (subject) DO UPDATE SET
    failures = CASE
        WHEN sign_in_attempt.last_at <= excluded.last_at - ?2 THEN 1
        ELSE sign_in_attempt.failures + 1
    END,
    last_at = excluded.last_at

-- name: clear
DELETE FROM sign_in_attempt WHERE subject = ?1 AND is_familiar = 0

-- name: make_familiar
INSERT INTO sign_in_attempt (subject, failures, last_at, is_familiar)
VALUES (?1, 0, unixepoch('subsec'), 1)
ON CONFLICT (subject) DO UPDATE SET failures = 0, last_at = excluded.last_at, is_familiar = 1

-- name: take_back
UPDATE sign_in_attempt SET failures = failures - 1 WHERE subject = ?1 AND failures > 0

-- name: sweep
DELETE FROM sign_in_attempt
WHERE subject IN (
    SELECT a.subject
    FROM sign_in_attempt AS a
    WHERE (a.is_familiar = 0 AND a.last_at < unixepoch('subsec') - ?1)
        OR (a.is_familiar = 1 AND a.last_at < unixepoch('subsec') - ?2)
    LIMIT ?3
)
