-- What only makes sense once no older program uses the tables.

ALTER TABLE context SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
