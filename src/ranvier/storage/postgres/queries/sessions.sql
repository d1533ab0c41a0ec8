-- name: look
SELECT
    s.digest, s.handle, s.version, s.user_name, s.created_at, s.last_used_at, s.node,
    CASE WHEN s.version <> k.version THEN s.drafts END, now_ms()
FROM unnest($1::text[], $2::bigint[]) AS k (digest, version)
JOIN session AS s ON s.digest = k.digest

-- name: open
INSERT INTO session (digest, handle, version, user_name, created_at, last_used_at, node, drafts)
SELECT $1, $2, $3, $4, n.ms, n.ms, $5, $6 FROM (SELECT now_ms() AS ms) AS n
RETURNING created_at

-- name: change
SELECT state, at_ms, earlier_answer FROM change_session($1, $2, $3, $4, $5, $6, $7, $8)

-- name: touch
UPDATE session SET last_used_at = greatest(last_used_at, now_ms()), node = $2 WHERE digest = $1

-- name: post
SELECT owner, fence, answer FROM session_post WHERE digest = $1

-- name: claim
-- One claim is new, or takes the place of the one that was seen; any other is left as it is.
INSERT INTO session_post AS p (digest, owner, fence, made_at) VALUES ($1, $2, 1, now_ms())
ON CONFLICT (digest) DO UPDATE SET owner = excluded.owner, fence = p.fence + 1
WHERE p.fence = $3 AND p.answer IS NULL
RETURNING owner, fence, answer

-- name: answer
UPDATE session_post SET answer = $2 WHERE digest = $1 AND fence = $3 AND answer IS NULL
RETURNING owner, fence, answer

-- name: drop
DELETE FROM session_post WHERE digest = $1 AND fence = $2 AND answer IS NULL

-- name: end
DELETE FROM session WHERE handle = $1 RETURNING 1

-- name: end_all
DELETE FROM session WHERE user_name = $1 RETURNING 1

-- name: listed
SELECT digest, handle, version, user_name, created_at, last_used_at, node, NULL
FROM session
WHERE created_at <= $1 AND (created_at < $1 OR handle > $2)
ORDER BY created_at DESC, handle LIMIT $3

-- name: listed_of
SELECT digest, handle, version, user_name, created_at, last_used_at, node, NULL
FROM session
WHERE user_name = $4 AND created_at <= $1 AND (created_at < $1 OR handle > $2)
ORDER BY created_at DESC, handle LIMIT $3

-- name: counts
SELECT node, count(*) FROM session GROUP BY node

-- name: sweep_idle
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s WHERE s.last_used_at <= now_ms() - $1::bigint
    ORDER BY s.last_used_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: sweep_old
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s WHERE s.created_at <= now_ms() - $1::bigint
    ORDER BY s.created_at, s.handle DESC LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: sweep_strangers
DELETE FROM session WHERE digest IN (
    SELECT s.digest FROM session AS s WHERE s.user_name IS NULL
    ORDER BY s.last_used_at
    LIMIT least($2, greatest(0, (SELECT count(*) FROM session WHERE user_name IS NULL) - $1::bigint))
    FOR UPDATE SKIP LOCKED
) RETURNING 1

-- name: sweep_posts
DELETE FROM session_post WHERE digest IN (
    SELECT p.digest FROM session_post AS p WHERE p.made_at <= now_ms() - $1::bigint
    ORDER BY p.made_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING 1
