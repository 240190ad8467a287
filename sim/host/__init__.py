"""Throw-away hosts: systemd-nspawn on a cached root, in a network of their own."""
