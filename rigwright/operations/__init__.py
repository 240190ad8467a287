"""Operations that pyinfra does not have, or not in a form that survives interruption: each closes a gap that a fact shows."""
