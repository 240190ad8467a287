"""GPUs that do not exist: a library, a command and PCI entries that tell of them as the real ones would."""
