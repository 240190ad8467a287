"""Brings models onto the host: one zipapp with huggingface_hub's client in it. Imports nothing else of the project."""
