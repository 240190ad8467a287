"""rigd: keeps fans, power limits and clocks of a host's GPUs as declared, and fails towards cooling."""

__version__ = "0.1.0"
