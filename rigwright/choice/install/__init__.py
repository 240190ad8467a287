"""What an installation makes of a declaration: the disk and its partitions, people, network. Pure functions."""
