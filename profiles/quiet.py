"""A machine where people live: fans stand or turn slowly, the processor clocks up only as far as it must."""

tuning = {
    "aspm": "default",
    "cpu_governor": "powersave",
}
fans = {
    "curve": [[50, 30], [70, 45], [78, 70], [83, 100]],  # warmer than others, and at full speed where it has to be
    "automatic_below_c": 50,  # cool cards stand still
}
