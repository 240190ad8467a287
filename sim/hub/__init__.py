"""A stand-in for the Hugging Face Hub: tiny models that a program made, at the addresses that its client asks for."""
