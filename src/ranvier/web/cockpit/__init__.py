"""The Cockpit: pages for the people who run a cluster, rendered by whichever node is asked."""
