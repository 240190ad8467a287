"""A stand-in for container registries: real programs, of Debian's or Python packages, under the images' own names."""
