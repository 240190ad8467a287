/* What all programs that open the library share: how each card is, what was set on it, and what is wrong with it.
 *
 * It lies in one mapped file, guarded by a mutex that survives the death of who holds it. Whoever looks moves the model
 * on to now first: no program of the simulation's own needs to run. */
#ifndef RIGWRIGHT_SIM_STATE_H
#define RIGWRIGHT_SIM_STATE_H

#include "device.h"
#include "fault.h"
#include "load.h"
#include "physics.h"

#define FUNCTION_MAX 64

/* What a program may set. */
struct settings {
    unsigned int persistence_mode;
    unsigned int power_limit_mw;
    unsigned int graphics_least_mhz, graphics_most_mhz; /* 0: not locked */
    unsigned int memory_least_mhz, memory_most_mhz;
    int fan_percent[FANS_MAX]; /* below 0: the card's own curve */
};

struct card {
    struct settings settings;
    struct body body;
    struct load load;
    struct faults faults;
    int lost; /* off the bus, until somebody clears it */
};

/* Begins a look at a card: locks, moves the model on to now, and lets the faults have their way with `function`.
 * Gives the card, to be read or changed until `state_leave`; or NULL and why in `result`, and nothing is locked. */
struct card *state_enter(const struct device *device, const char *function, nvmlReturn_t *result);

/* The same of all cards, and without faults: for those who steer the simulation. */
struct card *state_cards(nvmlReturn_t *result);

void state_leave(void);

/* Whether this process may set anything on a device. */
int may_set(void);

/* Attaches to the state, making it where there is none or where it is another configuration's. */
nvmlReturn_t state_attach(const struct table *table);

/* Takes part in the driver as it is now loaded; a driver that is loaded anew fits no earlier user. */
void state_join_driver(void);
int state_driver_changed(void);
void state_change_driver(void); /* only between `state_cards` and `state_leave` */

/* Simulated time in seconds; and moving it, where it does not move by itself. */
double state_now_s(void);
double state_air_c(unsigned int slot); /* only between `state_cards` and `state_leave` */
nvmlReturn_t state_advance(double seconds);
nvmlReturn_t state_set_ambient(double celsius);

#endif
