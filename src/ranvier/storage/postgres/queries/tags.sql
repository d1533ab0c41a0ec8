-- name: change
SELECT change_tags($1, $2, $3, $4, $5, $6)

-- name: of_event
SELECT t.key, t.value
FROM event AS e
LEFT JOIN event_tag AS t ON t.context = e.context AND t.token + 0 = e.token
WHERE e.context = $1 AND e.token = $2
ORDER BY t.key, t.value
