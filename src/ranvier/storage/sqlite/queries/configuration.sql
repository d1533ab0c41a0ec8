-- name: look
SELECT number, replaces, settings, author, made_at, state, reason
FROM configuration_revision
WHERE state = 'proposed'
    OR number = (SELECT max(r.number) FROM configuration_revision AS r WHERE r.state = 'accepted')

-- name: propose
INSERT INTO configuration_revision (number, replaces, settings, author, made_at)
SELECT coalesce((SELECT max(r.number) FROM configuration_revision AS r), 0) + 1, ?1, ?2, ?3, ?4
WHERE ?1 = coalesce(
        (SELECT max(r.number) FROM configuration_revision AS r WHERE r.state = 'accepted'), 0
    )
    AND NOT EXISTS (SELECT 1 FROM configuration_revision AS r WHERE r.state = 'proposed')
RETURNING number

-- name: judge
INSERT INTO configuration_verdict (revision, node_id, refusal) VALUES (?1, ?2, ?3)
ON CONFLICT (revision, node_id) DO UPDATE SET refusal = excluded.refusal

-- name: verdicts
SELECT node_id, refusal FROM configuration_verdict WHERE revision = ?1

-- name: decide
UPDATE configuration_revision
SET state = CASE WHEN ?2 = '' THEN 'accepted' ELSE 'refused' END, reason = ?2
WHERE number = ?1 AND state = 'proposed'
RETURNING number

-- name: history
SELECT number, replaces, settings, author, made_at, state, reason
FROM configuration_revision
ORDER BY number DESC
LIMIT ?1
