-- name: all
SELECT d.context, d.name, d.address, d.is_made, c.id IS NULL AS is_deleted
FROM context_address AS d LEFT JOIN context AS c ON c.id = d.context AND c.name IS NOT NULL

-- name: made
UPDATE context_address SET is_made = true WHERE context = $1

-- name: forget
DELETE FROM context_address AS d
WHERE d.context = $1
    AND NOT EXISTS (SELECT 1 FROM context AS c WHERE c.id = d.context AND c.name IS NOT NULL)

-- name: is_cleared
SELECT NOT EXISTS (SELECT 1 FROM context WHERE name IS NULL)

-- name: tables
SELECT to_regclass('ranvier.migration') IS NOT NULL AS is_ours,
    to_regclass('ranvier.database_owner') IS NOT NULL AS has_owner

-- name: owner
SELECT cluster_id FROM database_owner

-- name: has_contexts
SELECT EXISTS (SELECT 1 FROM context)

-- name: identity
SELECT cluster_id FROM cluster_identity

-- name: own
INSERT INTO database_owner (cluster_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: raise_fence
INSERT INTO lease (name, fence) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET fence = greatest(lease.fence, excluded.fence)

-- name: forget_lease
DELETE FROM lease WHERE name = $1
