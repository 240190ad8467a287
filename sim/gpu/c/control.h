/* How the simulation is steered, and how its cards truly are. None of this is in the real library. */
#ifndef RIGWRIGHT_SIM_CONTROL_H
#define RIGWRIGHT_SIM_CONTROL_H

#include "nvml.h"
#include "physics.h"

struct truth {
    double now_s, die_c, memory_c, sink_c, air_c, power_w, limit_w, clock_mhz, clock_wanted_mhz;
    double lock_most_mhz; /* 0: its graphics clock is not locked */
    double energy_j, work_done_s, work_asked_s, slowdown_s;
    double fan_percent[FANS_MAX], fan_rpm[FANS_MAX];
    int fan_manual[FANS_MAX];
    int fans, shut_down, lost;
    unsigned int reasons;
};

/* Reads the configuration and attaches to its state; every other call comes after it. */
NVML_API nvmlReturn_t rwsim_open(void);

NVML_API double rwsim_now_s(void);
NVML_API nvmlReturn_t rwsim_advance(double seconds);
NVML_API nvmlReturn_t rwsim_ambient(double celsius);
NVML_API nvmlReturn_t rwsim_load(unsigned int slot, const char *schedule, unsigned int seed);
NVML_API nvmlReturn_t rwsim_fault(unsigned int slot, const char *kind, long calls, double value, const char *function);
NVML_API nvmlReturn_t rwsim_clear(unsigned int slot, const char *kind);
NVML_API nvmlReturn_t rwsim_truth(unsigned int slot, struct truth *truth);

#endif
