-- name: count
SELECT count(*) FROM local_user

-- name: find
SELECT key, name, password_hash, created_at, password_changed_at, signed_in_at
FROM local_user
WHERE key = ?1

-- name: listed
SELECT key, name, password_hash, created_at, password_changed_at, signed_in_at
FROM local_user
ORDER BY key

-- name: add
INSERT INTO local_user (key, name, password_hash, created_at, password_changed_at)
VALUES (
    ?1, ?2, ?3,
    CAST(unixepoch('subsec') * 1000 AS INTEGER), CAST(unixepoch('subsec') * 1000 AS INTEGER)
)

-- name: change_password
UPDATE local_user
SET
    password_hash = ?2,
    password_changed_at = CASE
        WHEN ?3 IS NULL THEN CAST(unixepoch('subsec') * 1000 AS INTEGER)
        ELSE password_changed_at
    END
WHERE key = ?1 AND (?3 IS NULL OR password_hash = ?3)
RETURNING key

-- name: signed_in
UPDATE local_user
SET signed_in_at = CAST(unixepoch('subsec') * 1000 AS INTEGER)
WHERE key = ?1 AND password_hash = ?2
RETURNING key

-- name: remove
DELETE FROM local_user WHERE key = ?1

-- name: offer_set_up
INSERT INTO set_up_secret (one, digest)
SELECT 1, ?1 WHERE NOT EXISTS (SELECT 1 FROM local_user)
ON CONFLICT DO NOTHING
RETURNING one

-- name: set_up_digest
SELECT digest FROM set_up_secret WHERE is_used = 0 AND NOT EXISTS (SELECT 1 FROM local_user)

-- name: use_set_up
UPDATE set_up_secret
SET is_used = 1
WHERE digest = ?1 AND is_used = 0 AND NOT EXISTS (SELECT 1 FROM local_user)
RETURNING one
