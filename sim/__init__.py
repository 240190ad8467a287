"""Hosts, GPUs and package repositories that do not exist, for tests and `rig try`. Everything here is a stand-in."""
