-- name: all
SELECT
    node_id, name, route, host, internal_host, ip, http_port, grpc_port, internal_port, ajp_port,
    local_node_id, weight, version, os, python, config_revision, started_at, incarnation, state,
    beats, timeline, lacks, last_seen_at, stopped_at, failed_at, wish, system_identifier
FROM cluster_node ORDER BY name COLLATE "C"

-- name: next_incarnation
UPDATE cluster_incarnation SET last = last + 1 RETURNING last

-- name: forget
DELETE FROM cluster_node WHERE node_id = $1 AND incarnation = $2 RETURNING 1

-- name: enter
-- Nothing is entered where another node has the id, the name or the route.
INSERT INTO cluster_node (
    node_id, name, route, host, internal_host, ip, http_port, grpc_port, internal_port, ajp_port,
    local_node_id, weight, version, os, python, config_revision, started_at, incarnation, state,
    beats, timeline, lacks, last_seen_at
)
VALUES (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
    $19, 0, 0, '[]', (extract(epoch FROM statement_timestamp()) * 1000)::bigint
)
ON CONFLICT DO NOTHING RETURNING 1

-- name: describe
UPDATE cluster_node SET
    name = $2,
    route = $3,
    host = $4,
    internal_host = $5,
    ip = $6,
    http_port = $7,
    grpc_port = $8,
    internal_port = $9,
    ajp_port = $10,
    local_node_id = $11,
    weight = $12,
    version = $13,
    os = $14,
    python = $15,
    config_revision = $16,
    started_at = $17,
    state = $18
WHERE node_id = $1 AND incarnation = $19 AND state <> 'down'
RETURNING 1

-- name: beat
-- The others are seen as they were when the statement began; the node's own row is told apart.
WITH beaten AS (
    UPDATE cluster_node SET
        beats = beats + 1,
        state = $3::text,
        timeline = $4,
        config_revision = $5,
        lacks = $6,
        system_identifier = $7,
        last_seen_at = (extract(epoch FROM statement_timestamp()) * 1000)::bigint,
        stopped_at = CASE WHEN $3::text = 'stopped' THEN (extract(epoch FROM statement_timestamp()) * 1000)::bigint END
    WHERE node_id = $1 AND incarnation = $2 AND state <> 'down'
    RETURNING 1
)
SELECT
    EXISTS (SELECT FROM beaten) AS counted,
    node_id, name, route, host, internal_host, ip, http_port, grpc_port, internal_port, ajp_port,
    local_node_id, weight, version, os, python, config_revision, started_at, incarnation, state,
    beats, timeline, lacks, last_seen_at, stopped_at, failed_at, wish, system_identifier
FROM cluster_node ORDER BY name COLLATE "C"

-- name: mark_down
UPDATE cluster_node SET state = 'down', failed_at = (extract(epoch FROM statement_timestamp()) * 1000)::bigint
WHERE node_id = $1 AND incarnation = $2 AND beats = $3 AND state NOT IN ('down', 'stopped')
RETURNING 1

-- name: wish
UPDATE cluster_node SET wish = $3 WHERE node_id = $1 AND incarnation = $2 RETURNING 1

-- name: fulfil
UPDATE cluster_node SET wish = '' WHERE node_id = $1 AND incarnation = $2 AND wish = $3 RETURNING 1
