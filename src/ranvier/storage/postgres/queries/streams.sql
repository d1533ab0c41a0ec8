-- name: create
SELECT create_stream($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: all
SELECT
    s.id, s.revision, s.stream_id, s.name, s.policy, s.parameters, s.filter, s.handled, s.replayed,
    ARRAY(
        SELECT g.next_token FROM persistent_segment AS g WHERE g.stream = s.id ORDER BY g.segment
    ) AS next_tokens,
    ARRAY(
        SELECT g.error FROM persistent_segment AS g WHERE g.stream = s.id ORDER BY g.segment
    ) AS errors
FROM persistent_stream AS s
WHERE s.context = $1 AND ($2::text IS NULL OR s.stream_id = $2)
ORDER BY s.stream_id

-- name: save
SELECT (own.stream ->> 2)::bigint AS number, save_owned_stream(
    own.stream ->> 0, (own.stream ->> 1)::bigint, (own.stream ->> 2)::bigint,
    (own.stream ->> 3)::bigint, own.stream ->> 4, own.stream ->> 5,
    ARRAY(SELECT one::bigint FROM jsonb_array_elements_text(own.stream -> 6) AS one),
    ARRAY(SELECT one FROM jsonb_array_elements_text(own.stream -> 7) AS one)
) AS is_owned
FROM jsonb_array_elements($1) AS own (stream)

-- name: change
SELECT change_owned_stream($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: delete
SELECT delete_stream($1, $2)

-- name: count
SELECT count(*)
FROM persistent_stream AS s JOIN context AS c ON c.id = s.context
WHERE c.name IS NOT NULL
