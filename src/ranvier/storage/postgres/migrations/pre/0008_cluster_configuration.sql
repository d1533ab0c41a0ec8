-- Settings that all nodes share, revision by revision.
SELECT 1;
