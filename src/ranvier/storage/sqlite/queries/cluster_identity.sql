-- name: read
SELECT cluster_id, secret FROM cluster_identity

-- name: found
INSERT INTO cluster_identity (one, cluster_id, secret) VALUES (1, ?, ?) ON CONFLICT DO NOTHING

-- name: forget_tokens
DELETE FROM join_token WHERE expires_at < unixepoch('subsec') - 3600

-- name: add_token
INSERT INTO join_token (id, digest, expires_at)
SELECT ?, ?, unixepoch('subsec') + ?
WHERE (
    SELECT count(*) FROM join_token WHERE used_by IS NULL AND expires_at > unixepoch('subsec')
) < ?

-- name: token
SELECT digest, expires_at <= unixepoch('subsec'), used_by FROM join_token WHERE id = ?

-- name: use_token
UPDATE join_token SET used_by = ?2
WHERE id = ?1 AND expires_at > unixepoch('subsec') AND (used_by IS NULL OR used_by = ?2)
