"""What a node tells about itself: log lines and metrics."""
