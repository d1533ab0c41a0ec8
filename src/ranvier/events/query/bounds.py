"""How much a query may ask for: every bound, with its unit and its reason."""

from __future__ import annotations

# Texts written by people stay below a thousand characters; the bound caps all that follows from it.
MAXIMUM_TEXT_CHARACTERS = 8_192

# One parsed level takes some ten frames of the interpreter, which allows a thousand.
MAXIMUM_NESTING_LEVELS = 40

# Lists of identifiers are pasted into queries; each item is compared with each row.
MAXIMUM_LIST_ITEMS = 500

# The same for what `and` and `or` join.
MAXIMUM_OPERANDS = 500

# No sensible query has more filters, windows, limits and shapers than this.
MAXIMUM_STEPS = 32

# The newest matches wait in memory until the oldest of them is known.
MAXIMUM_LIMIT_ROWS = 10_000

# A text that `+` builds for one row: two payloads of the greatest size that is stored by default.
MAXIMUM_BUILT_CHARACTERS = 8 * 1024 * 1024

# A pattern is unrolled into states, and counted repetition multiplies them.
MAXIMUM_PATTERN_CHARACTERS = 512
MAXIMUM_PATTERN_NESTING_LEVELS = 20
MAXIMUM_PATTERN_REPETITIONS = 256
MAXIMUM_PATTERN_STATES = 1_000

# Work of `match` on one row in visited states, where the way on was not remembered from an earlier
# character: about half a second of a core. Patterns that people write need some hundred.
MAXIMUM_MATCH_VISITS = 2_000_000

# What one pattern remembers of its ways between characters and rows: a few megabytes.
MAXIMUM_REMEMBERED_STATES = 200_000

# Of one document that a path looks into: far beyond what serializers of messages write.
MAXIMUM_DOCUMENT_LEVELS = 100

# Elements of one XML document; each is an object of some hundred bytes while it is looked at.
MAXIMUM_XML_ELEMENTS = 100_000

# A path in a query; and the values that it may touch in one document, about a tenth of a second.
MAXIMUM_PATH_STEPS = 50
MAXIMUM_PATH_VISITS = 200_000

# Written by hand, and short.
MAXIMUM_DATE_PATTERN_CHARACTERS = 100

# What `select` and `groupby` name, and what `sortby` orders by.
MAXIMUM_FIELDS = 100
MAXIMUM_SORT_KEYS = 10

# Of one query, while it runs: groups, or rows that wait to be put in order, and the text in them.
MAXIMUM_HELD_ROWS = 10_000
MAXIMUM_HELD_CHARACTERS = 16 * 1024 * 1024
