"""What a declaration means on a host as it was found: pure decisions, one place for tasks and proof alike."""
