"""Who may join a cluster and use its database, and how nodes prove themselves."""
