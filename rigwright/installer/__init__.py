"""Media that install a host unattended: what is on them, and how they are made."""
