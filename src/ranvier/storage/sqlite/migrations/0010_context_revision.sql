-- What tells that a context was changed.
ALTER TABLE context ADD COLUMN property_revision INTEGER NOT NULL DEFAULT 0;
