"""A machine where people live: the processor clocks up only as far as it must, and links may sleep."""

tuning = {
    "aspm": "default",
    "cpu_governor": "powersave",
}
