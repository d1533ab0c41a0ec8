-- name: read
SELECT cluster_id, secret FROM cluster_identity

-- name: found
INSERT INTO cluster_identity (cluster_id, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- name: forget_tokens
DELETE FROM join_token WHERE expires_at < clock_timestamp() - interval '1 hour'

-- name: add_token
INSERT INTO join_token (id, digest, expires_at)
SELECT $1, $2, clock_timestamp() + $3 * interval '1 second'
WHERE (
    SELECT count(*) FROM join_token WHERE used_by IS NULL AND expires_at > clock_timestamp()
) < $4
RETURNING id

-- name: token
SELECT digest, expires_at <= clock_timestamp(), used_by FROM join_token WHERE id = $1

-- name: use_token
UPDATE join_token SET used_by = $2
WHERE id = $1 AND expires_at > clock_timestamp() AND (used_by IS NULL OR used_by = $2)
RETURNING id
