"""What a host is now: wide facts, one remote command each, parsed into plain data."""
