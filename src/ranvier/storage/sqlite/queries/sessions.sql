-- name: look
SELECT
    s.digest, s.handle, s.version, s.user_name, s.created_at, s.last_used_at, s.node,
    CASE WHEN s.version <> json_extract(k.value, '$[1]') THEN s.drafts END,
    CAST(unixepoch('subsec') * 1000 AS INTEGER)
FROM json_each(?1) AS k JOIN session AS s ON s.digest = json_extract(k.value, '$[0]')

-- name: open
INSERT INTO session (digest, handle, version, user_name, created_at, last_used_at, node, drafts)
SELECT ?1, ?2, ?3, ?4, n.ms, n.ms, ?5, ?6
FROM (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS ms) AS n
RETURNING created_at

-- name: change
UPDATE session SET
    digest = ?3,
    version = version + 1,
    user_name = ?4,
    drafts = ?5,
    node = ?6,
    created_at = CASE WHEN ?3 = ?1 THEN created_at ELSE CAST(unixepoch('subsec') * 1000 AS INTEGER) END,
    last_used_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
WHERE digest = ?1 AND version = ?2
RETURNING last_used_at

-- name: keep_post
INSERT INTO session_post (digest, owner, fence, answer, made_at)
VALUES (?1, '', 1, ?2, CAST(unixepoch('subsec') * 1000 AS INTEGER))

-- name: touch
UPDATE session SET
    last_used_at = max(last_used_at, CAST(unixepoch('subsec') * 1000 AS INTEGER)), node = ?2
WHERE digest = ?1

-- name: post
SELECT owner, fence, answer FROM session_post WHERE digest = ?1

-- name: claim
-- One claim is new, or takes the place of the one that was seen; any other is left as it is.
INSERT INTO session_post (digest, owner, fence, made_at)
VALUES (?1, ?2, 1, CAST(unixepoch('subsec') * 1000 AS INTEGER))
ON CONFLICT (digest) DO UPDATE SET owner = excluded.owner, fence = fence + 1
WHERE fence = ?3 AND answer IS NULL
RETURNING owner, fence, answer

-- name: answer
UPDATE session_post SET answer = ?2 WHERE digest = ?1 AND fence = ?3 AND answer IS NULL
RETURNING owner, fence, answer

-- name: drop
DELETE FROM session_post WHERE digest = ?1 AND fence = ?2 AND answer IS NULL

-- name: end
DELETE FROM session WHERE handle = ?1 RETURNING 1

-- name: end_all
DELETE FROM session WHERE user_name = ?1 RETURNING 1

-- name: listed
SELECT digest, handle, version, user_name, created_at, last_used_at, node, NULL
FROM session
WHERE created_at <= ?1 AND (created_at < ?1 OR handle > ?2)
ORDER BY created_at DESC, handle LIMIT ?3

-- name: listed_of
SELECT digest, handle, version, user_name, created_at, last_used_at, node, NULL
FROM session
WHERE user_name = ?4 AND created_at <= ?1 AND (created_at < ?1 OR handle > ?2)
ORDER BY created_at DESC, handle LIMIT ?3

-- name: counts
SELECT node, count(*) FROM session GROUP BY node

-- name: sweep_idle
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s
    WHERE s.last_used_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
    ORDER BY s.last_used_at LIMIT ?2
) RETURNING 1

-- name: sweep_old
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s
    WHERE s.created_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
    ORDER BY s.created_at LIMIT ?2
) RETURNING 1

-- name: sweep_strangers
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s WHERE s.user_name IS NULL
    ORDER BY s.last_used_at
    LIMIT min(?2, max(0, (SELECT count(*) FROM session WHERE user_name IS NULL) - ?1))
) RETURNING 1

-- name: sweep_posts
DELETE FROM session_post WHERE digest IN (
    SELECT p.digest FROM session_post AS p
    WHERE p.made_at <= CAST(unixepoch('subsec') * 1000 AS INTEGER) - ?1
    ORDER BY p.made_at LIMIT ?2
) RETURNING 1
