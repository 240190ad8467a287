"""Operations that pyinfra lacks, or whose form does not survive interruption: each closes a gap that a fact shows."""
