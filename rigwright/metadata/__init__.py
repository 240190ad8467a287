"""What model files say of themselves, read from their first bytes: before a gigabyte is pulled."""
