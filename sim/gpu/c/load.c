#include "load.h"

#include <string.h>

static const char *const NAMES[LOAD_COUNT] = {"idle", "prefill", "decode", "training", "burst", "full"};

/* A schedule alternates between two phases of random length. Shares and lengths are guesses at what such work looks like;
 * decoding is bound by memory, everything else by the core. */
static const struct {
    struct demand on, off;
    double on_least_s, on_most_s, off_least_s, off_most_s;
} PHASES[LOAD_COUNT] = {
    [LOAD_IDLE] = {{0, 0}, {0, 0}, 60, 60, 60, 60},
    [LOAD_PREFILL] = {{1.0, 0.55}, {0, 0}, 0.5, 4, 0.5, 6},
    [LOAD_DECODE] = {{0.75, 0.95}, {0, 0}, 10, 60, 0.5, 10},
    [LOAD_TRAINING] = {{1.0, 0.7}, {0.25, 0.3}, 0.8, 1.4, 0.05, 0.15},
    [LOAD_BURST] = {{1.0, 0.8}, {0, 0}, 0.1, 2, 1, 10},
    [LOAD_FULL] = {{1.0, 0.7}, {1.0, 0.7}, 60, 60, 60, 60},
};

int load_named(const char *name) {
    for (int i = 0; i < LOAD_COUNT; i++)
        if (strcmp(NAMES[i], name) == 0) return i;
    return -1;
}

/* A number from 0 to 1 for this phase of this seed: the finaliser of MurmurHash3. */
static double chance(unsigned int seed, unsigned int phase) {
    unsigned int hash = seed * 0x9e3779b9U + phase;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return (hash ^ hash >> 16) / 4294967296.0;
}

static void begin_phase(struct load *load) {
    double share = chance(load->seed, load->phase);
    if (load->phase % 2 == 0) {
        load->demand = PHASES[load->schedule].on;
        load->left_s += PHASES[load->schedule].on_least_s +
                        share * (PHASES[load->schedule].on_most_s - PHASES[load->schedule].on_least_s);
    } else {
        load->demand = PHASES[load->schedule].off;
        load->left_s += PHASES[load->schedule].off_least_s +
                        share * (PHASES[load->schedule].off_most_s - PHASES[load->schedule].off_least_s);
    }
    load->phase++;
}

struct load load_begun(int schedule, unsigned int seed) {
    struct load load = {.schedule = schedule, .seed = seed};
    begin_phase(&load);
    return load;
}

struct demand load_step(struct load *load, double s) {
    load->left_s -= s;
    while (load->left_s <= 0) begin_phase(load);
    return load->demand;
}
