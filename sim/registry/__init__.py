"""A stand-in for container registries: real programs from Debian's packages, under the images' own names."""
