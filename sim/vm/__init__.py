"""Whole machines: QEMU with a kernel, a bootloader and disks of their own."""
