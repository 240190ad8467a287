#include "fault.h"

#include <string.h>

static const char *const NAMES[FAULT_COUNT] = {
    "call-fails",  "temperature-unreadable", "temperature-stuck", "temperature-absurd", "fan-stuck",
    "set-ignored", "minimum-ignored",        "lost",              "reset-required",     "hang",
};

int fault_named(const char *name) {
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(NAMES[i], name) == 0) return i;
    return -1;
}

int fault_strikes(struct faults *faults, enum fault_kind kind, const char *function) {
    struct fault *fault = &faults->of[kind];
    if (!fault->active || (*fault->function != '\0' && strcmp(fault->function, function) != 0)) return 0;
    if (fault->calls > 0 && --fault->calls == 0) fault->active = 0;
    return 1;
}
