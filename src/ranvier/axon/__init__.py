"""The Axon API: one module for each family of calls, messages in, service calls out."""
