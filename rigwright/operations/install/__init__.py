"""What is done on a live system to install a host: the workshop, the disk, and one step after the other."""
