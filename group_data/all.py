"""What every host is given. A file of a group's name beside this one does the same for that group alone."""

base = {
    "timezone": "Europe/Berlin",
    "locale": "C.UTF-8",
}
