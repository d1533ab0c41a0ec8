"""HTTP: REST resources, the node's page, health and metrics; messages in, service calls out."""
