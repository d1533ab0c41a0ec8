-- Contexts whose events lie in a database of their own. Here is only their entry in the list; the row
-- stays after the deletion of its context until nothing of it is left there.
--
-- The check keeps a node out that does not know of such contexts: whatever it appends is refused.
ALTER TABLE context
    ADD COLUMN is_placed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT context_lies_elsewhere CHECK (NOT is_placed OR head = 0);

CREATE TABLE context_address (
    context integer PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    address text NOT NULL,                   -- a secret: it may hold a password
    is_made boolean NOT NULL DEFAULT false   -- whether the context has its row there
);

-- In such a database: the cluster whose contexts it keeps. A system database has no row.
CREATE TABLE database_owner (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    cluster_id text NOT NULL
);

-- Creates a context that lies elsewhere, as `create_context` does one that lies here.
CREATE FUNCTION create_placed_context(
    p_name text, p_is_dcb boolean, p_names text[], p_values text[], p_limit integer, p_address text
) RETURNS integer
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    made integer;
BEGIN
    made := create_context(p_name, p_is_dcb, p_names, p_values, p_limit);
    IF made IS NOT NULL THEN
        UPDATE context SET is_placed = true WHERE id = made;
        INSERT INTO context_address (context, name, address) VALUES (made, p_name, p_address);
    END IF;
    RETURN made;
END
$$;
