-- name: make
INSERT OR IGNORE INTO lease (name) VALUES (?1)

-- name: find
SELECT fence, holder FROM lease WHERE name = ?1

-- name: acquire
UPDATE lease SET holder = ?2, fence = fence + 1 WHERE name = ?1

-- name: release
UPDATE lease SET holder = NULL WHERE name = ?1 AND fence = ?2

-- name: forget
DELETE FROM lease WHERE name = ?1

-- name: holds
SELECT 1 FROM lease WHERE name = ?1 AND fence = ?2
