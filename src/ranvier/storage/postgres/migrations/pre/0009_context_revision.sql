-- What other nodes look at to see that a context was changed.
ALTER TABLE context ADD COLUMN property_revision bigint NOT NULL DEFAULT 0;

-- Sets and takes away properties of a context; false: there would be too many, nothing is changed.
CREATE OR REPLACE FUNCTION change_properties(
    p_context integer, p_names text[], p_values text[], p_limit integer
) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1, p_context);
    IF (
        SELECT count(*) FROM (
            SELECT p.name FROM context_property AS p
            WHERE p.context = p_context AND p.name <> ALL (p_names)
            UNION ALL
            SELECT own.name FROM unnest(p_names, p_values) AS own (name, value)
            WHERE own.value <> ''
        ) AS together
    ) > p_limit THEN
        RETURN false;
    END IF;
    DELETE FROM context_property AS p
    WHERE p.context = p_context AND p.name = ANY (p_names);
    INSERT INTO context_property (context, name, value)
    SELECT p_context, own.name, own.value
    FROM unnest(p_names, p_values) AS own (name, value)
    WHERE own.value <> '';
    UPDATE context AS c SET property_revision = c.property_revision + 1 WHERE c.id = p_context;
    RETURN true;
END
$$;
