"""What an event store accepts, decided from values alone: no input, no output, no clock."""
