-- name: count
SELECT count(*) FROM local_user

-- name: find
SELECT key, name, password_hash, created_at, password_changed_at, signed_in_at
FROM local_user
WHERE key = $1

-- name: listed
SELECT key, name, password_hash, created_at, password_changed_at, signed_in_at
FROM local_user
ORDER BY key

-- name: add
SELECT add_local_user($1, $2, $3, $4)

-- name: change_password
UPDATE local_user
SET
    password_hash = $2,
    password_changed_at = CASE
        WHEN $3::text IS NULL THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint
        ELSE password_changed_at
    END
WHERE key = $1 AND ($3::text IS NULL OR password_hash = $3)
RETURNING key

-- name: signed_in
UPDATE local_user
SET signed_in_at = (extract(epoch FROM clock_timestamp()) * 1000)::bigint
WHERE key = $1 AND password_hash = $2
RETURNING key

-- name: remove
SELECT remove_local_user($1)

-- name: offer_set_up
INSERT INTO set_up_secret (digest)
SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM local_user)
ON CONFLICT DO NOTHING
RETURNING one

-- name: set_up_digest
SELECT digest FROM set_up_secret WHERE NOT is_used AND NOT EXISTS (SELECT 1 FROM local_user)

-- name: set_up
SELECT set_up_local_user($1, $2, $3, $4)
