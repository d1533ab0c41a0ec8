-- The nodes that use this database.
SELECT 1;
