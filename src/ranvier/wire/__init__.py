"""Transports that know nothing of Ranvier: HTTP/2 and gRPC, listeners, limits, TLS."""
