-- name: head
SELECT head FROM context WHERE id = ?1

-- name: tag_page
-- A whole page of the events that bear one tag, with the head of the same moment.
SELECT
    (SELECT head FROM context WHERE id = ?1),
    CAST(group_concat(e.data, '') AS BLOB),
    group_concat(length(e.data), 's'),
    group_concat(found.token)
FROM (
    SELECT token FROM event_tag
    WHERE context = ?1 AND key = ?2 AND value = ?3 AND token >= ?4 AND token < ?5
    ORDER BY token LIMIT ?6
) AS found CROSS JOIN event AS e ON e.position = ?7 + found.token

-- name: tags_page
-- The same of the events that also bear the other tags, with one of the names.
SELECT
    (SELECT head FROM context WHERE id = ?1),
    CAST(group_concat(e.data, '') AS BLOB),
    group_concat(length(e.data), 's'),
    group_concat(found.token)
FROM (
    SELECT candidate.token
    FROM event_tag AS candidate
    WHERE candidate.context = ?1 AND candidate.key = ?2 AND candidate.value = ?3
        AND candidate.token >= ?4 AND candidate.token < ?5
        AND NOT EXISTS (
            SELECT 1 FROM json_each(?8) AS other
            WHERE NOT EXISTS (
                SELECT 1 FROM event_tag AS o
                WHERE o.context = ?1 AND o.key = unhex(other.value ->> 0)
                    AND o.value = unhex(other.value ->> 1) AND o.token = candidate.token
            )
        )
        AND (
            ?9 IS NULL
            OR (SELECT n.name FROM event AS n WHERE n.position = ?7 + candidate.token)
                IN (SELECT value FROM json_each(?9))
        )
    ORDER BY candidate.token LIMIT ?6
) AS found CROSS JOIN event AS e ON e.position = ?7 + found.token

-- name: tag_counts
-- How many events bear each of these tags; counting stops at a limit.
SELECT (
    SELECT count(*)
    FROM (
        SELECT 1 FROM event_tag
        WHERE context = ?1
            AND key = unhex(wanted.value ->> 0) AND value = unhex(wanted.value ->> 1)
            AND token >= ?2 AND token < ?3
        LIMIT ?4
    )
)
FROM json_each(?5) AS wanted

-- name: window_end
-- The first token that is not looked at when so many candidates are.
SELECT token FROM event_tag
WHERE context = ?1 AND key = ?2 AND value = ?3 AND token >= ?4 AND token < ?5
ORDER BY token LIMIT 1 OFFSET ?6

-- name: tokens_by_tag
SELECT json_group_array(token)
FROM (
    SELECT token FROM event_tag
    WHERE context = ?1 AND key = ?2 AND value = ?3 AND token >= ?4 AND token < ?5
    ORDER BY token LIMIT ?6
)

-- name: tokens_by_tags
SELECT json_group_array(token)
FROM (
    SELECT candidate.token
    FROM event_tag AS candidate
    WHERE candidate.context = ?1 AND candidate.key = ?2 AND candidate.value = ?3
        AND candidate.token >= ?4 AND candidate.token < ?5
        AND NOT EXISTS (
            SELECT 1 FROM json_each(?7) AS other
            WHERE NOT EXISTS (
                SELECT 1 FROM event_tag AS o
                WHERE o.context = ?1 AND o.key = unhex(other.value ->> 0)
                    AND o.value = unhex(other.value ->> 1) AND o.token = candidate.token
            )
        )
        AND (
            ?8 IS NULL
            OR (SELECT e.name FROM event AS e WHERE e.position = ?9 + candidate.token)
                IN (SELECT value FROM json_each(?8))
        )
    ORDER BY candidate.token LIMIT ?6
)

-- name: latest_by_tag
SELECT token FROM event_tag
WHERE context = ?1 AND key = ?2 AND value = ?3 AND token >= ?4
ORDER BY token DESC LIMIT 1

-- name: latest_by_each_tag
-- Of each tag the last event from its own marker on.
SELECT (
    SELECT token FROM event_tag
    WHERE context = ?1
        AND key = unhex(wanted.value ->> 0) AND value = unhex(wanted.value ->> 1)
        AND token >= wanted.value ->> 2
    ORDER BY token DESC LIMIT 1
)
FROM json_each(?2) AS wanted

-- name: latest_by_tags
SELECT t.token
FROM event_tag AS t
WHERE t.context = ?1 AND t.key = ?2 AND t.value = ?3 AND t.token >= ?4
    AND NOT EXISTS (
        SELECT 1 FROM json_each(?5) AS other
        WHERE NOT EXISTS (
            SELECT 1 FROM event_tag AS o
            WHERE o.context = t.context AND o.key = unhex(other.value ->> 0)
                AND o.value = unhex(other.value ->> 1) AND o.token = t.token
        )
    )
    AND (
        ?6 IS NULL
        OR (SELECT e.name FROM event AS e WHERE e.position = ?7 + t.token)
            IN (SELECT value FROM json_each(?6))
    )
ORDER BY t.token DESC
LIMIT 1

-- name: has_aggregates
SELECT EXISTS (
    SELECT 1 FROM event INDEXED BY event_by_aggregate
    WHERE context = ?1 AND aggregate_id IS NOT NULL
)

-- name: tokens_by_names
-- For each name the tokens of its first events.
SELECT (
    SELECT json_group_array(position - ?4)
    FROM (
        SELECT position FROM event INDEXED BY event_by_name
        WHERE context = ?1 AND name = wanted.value AND aggregate_id IS NULL
            AND position >= ?2 AND position < ?3
        ORDER BY position LIMIT ?5
    )
)
FROM json_each(?6) AS wanted

-- name: tokens_by_looking
SELECT json_group_array(position - ?3) FILTER (
    WHERE name IN (SELECT value FROM json_each(?4))
)
FROM event
WHERE position >= ?1 AND position < ?2

-- name: latest_by_names
SELECT max((
    SELECT position FROM event INDEXED BY event_by_name
    WHERE context = ?1 AND name = wanted.value AND aggregate_id IS NULL AND position >= ?2
    ORDER BY position DESC LIMIT 1
)) - ?3
FROM json_each(?4) AS wanted

-- name: latest_by_looking
SELECT position - ?3
FROM event
WHERE position >= ?1 AND position < ?2 AND name IN (SELECT value FROM json_each(?4))
ORDER BY position DESC
LIMIT 1
