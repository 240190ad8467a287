/* What goes wrong with a card on demand. */
#ifndef RIGWRIGHT_SIM_FAULT_H
#define RIGWRIGHT_SIM_FAULT_H

#include "nvml.h"

enum fault_kind {
    FAULT_CALL_FAILS,             /* with the NVML error in `value`, 999 by default */
    FAULT_TEMPERATURE_UNREADABLE,
    FAULT_TEMPERATURE_STUCK,      /* at what it read first */
    FAULT_TEMPERATURE_ABSURD,     /* 65535, or `value` */
    FAULT_FAN_STUCK,              /* the fan whose number is `value`; all of them below 0 */
    FAULT_SET_IGNORED,            /* succeeds, and nothing is set */
    FAULT_MINIMUM_IGNORED,        /* the card stalls below `value` per cent, though it takes them */
    FAULT_LOST,
    FAULT_RESET_REQUIRED,
    FAULT_HANG,                   /* the call does not come back until the fault is cleared */
    FAULT_COUNT,
};

struct fault {
    int active;
    long calls;         /* how many calls it spoils; below 0: all */
    double value;
    char function[64];  /* only this one; empty: all that it is about */
};

struct faults {
    struct fault of[FAULT_COUNT];
    int stuck_c; /* where the temperature stands; below 0: not known yet */
};

/* -1: there is no fault of that name. */
int fault_named(const char *name);

/* Whether this fault spoils this call; counts it. */
int fault_strikes(struct faults *faults, enum fault_kind kind, const char *function);

#endif
