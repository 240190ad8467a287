"""The one exception of the simulation: a sentence that says what is wrong and what to do."""


class SimulationError(Exception):
    """Something that the simulation needs is missing or failed; the message is one line written for the reader."""
