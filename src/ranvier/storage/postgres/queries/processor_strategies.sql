-- name: all
SELECT c.name, s.processor, s.token_store, s.strategy
FROM processor_strategy AS s JOIN context AS c ON c.id = s.context
WHERE c.name IS NOT NULL

-- name: keep
INSERT INTO processor_strategy (context, processor, token_store, strategy)
VALUES ($1, $2, $3, $4)
ON CONFLICT (context, processor, token_store) DO UPDATE SET strategy = excluded.strategy

-- name: forget
DELETE FROM processor_strategy WHERE context = $1 AND processor = $2 AND token_store = $3
