-- Contexts on a database of their own.
SELECT 1;
