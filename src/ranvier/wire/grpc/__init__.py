"""gRPC over HTTP/2 in both roles: calls, deadlines, status and metadata, on raw message bytes."""
