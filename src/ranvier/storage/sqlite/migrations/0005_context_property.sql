-- What is said of a context beside its name.

CREATE TABLE context_property (
    context INTEGER NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (context, name)
) WITHOUT ROWID;

-- How the segments of an event processor are spread over its instances, where somebody chose it.
CREATE TABLE processor_strategy (
    context INTEGER NOT NULL,
    processor TEXT NOT NULL,
    token_store TEXT NOT NULL,
    strategy TEXT NOT NULL,
    PRIMARY KEY (context, processor, token_store)
) WITHOUT ROWID;
