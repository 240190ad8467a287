"""Stand-ins for the Hugging Face Hub and the Ollama registry: tiny models that a program made, where clients look."""
