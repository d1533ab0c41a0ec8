-- name: inventory
-- What stands in a schema, whoever may read it.
SELECT
    current_database() AS name,
    to_regnamespace($1) IS NOT NULL AS has_schema,
    (
        SELECT count(*) FROM pg_class AS c
        WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ) AS relations,
    (
        SELECT count(*) FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.relnamespace = to_regnamespace($1) AND c.relname = 'migration'
            AND a.attname IN ('step', 'number', 'name', 'checksum')
    ) = $2 AS has_history

-- name: applied
SELECT number, checksum FROM migration WHERE step = $1

-- name: remember
INSERT INTO migration (step, number, name, checksum) VALUES ($1, $2, $3, $4)

-- name: other_versions
SELECT name, version FROM cluster_node
WHERE state IN ('starting', 'running', 'draining') AND version <> $1 ORDER BY name
