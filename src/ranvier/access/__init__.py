"""Who may come in: names, passwords, delays and sessions, as decisions without any I/O."""
