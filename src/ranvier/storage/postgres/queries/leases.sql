-- name: enter
SELECT enter_lease_holder($1, $2)

-- name: beat
WITH own AS (
    UPDATE lease_holder SET counter = counter + 1 WHERE holder = $1 RETURNING holder, counter
)
SELECT holder, counter FROM own
UNION ALL
SELECT h.holder, h.counter FROM lease_holder AS h WHERE h.holder <> $1

-- name: remove
DELETE FROM lease_holder WHERE holder = $1 AND counter = $2 RETURNING node

-- name: leave
DELETE FROM lease_holder WHERE holder = $1

-- name: acquire
SELECT fence, holder, node FROM acquire_lease($1, $2)

-- name: release
UPDATE lease SET holder = NULL WHERE name = $1 AND fence = $2

-- name: forget
DELETE FROM lease WHERE name = $1
