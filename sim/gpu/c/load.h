/* What programs do on a card, made up by schedule. The same seed gives the same load at the same moment. */
#ifndef RIGWRIGHT_SIM_LOAD_H
#define RIGWRIGHT_SIM_LOAD_H

#include "physics.h"

enum schedule { LOAD_IDLE, LOAD_PREFILL, LOAD_DECODE, LOAD_TRAINING, LOAD_BURST, LOAD_FULL, LOAD_COUNT };

struct load {
    int schedule;
    unsigned int seed, phase; /* phases since it began */
    double left_s;            /* of the present phase */
    struct demand demand;
};

/* -1: there is no schedule of that name. */
int load_named(const char *name);

struct load load_begun(int schedule, unsigned int seed);

/* What is asked of the card for the next `s` seconds. */
struct demand load_step(struct load *load, double s);

#endif
