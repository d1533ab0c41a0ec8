-- Who may do what only one node does at a time.
SELECT 1;
