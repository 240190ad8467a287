/* The physical model of one card: what it draws, how warm it gets, how its fans turn and what holds its clocks back.
 *
 * Three heat capacities: die, memory, and the heatsink that both give their heat to. The sink gives it to the air that
 * the fans move. The clock follows the load, and is held back by the power limit, by a lock, and by heat. */
#ifndef RIGWRIGHT_SIM_PHYSICS_H
#define RIGWRIGHT_SIM_PHYSICS_H

#define FANS_MAX 4

/* Figures of a model of card. Units are in the names; k is a difference of temperature. */
struct physics {
    double idle_w;                            /* at rest */
    double base_w, core_w, memory_w;          /* at work: always, for the core at its highest clock, for the memory */
    double voltage_floor, voltage_slope;      /* share of the highest voltage; how it falls with the share of the clock */
    double die_j_per_k, sink_j_per_k, memory_j_per_k;
    double die_k_per_w, memory_k_per_w;       /* from die and from memory to the sink */
    double still_w_per_k, blown_w_per_k;      /* from the sink to the air: fans standing, and what full fans add */
    double fan_s;                             /* time constant of a fan's speed */
    double fan_least_percent, fan_rpm;        /* lowest manual speed; revolutions a minute at 100 % */
    double fan_stop_c, fan_start_c;           /* automatic: they stop below the one and start at the other */
    double fan_from_c, fan_from_percent, fan_full_c; /* automatic: a line from here to 100 % */
    double chassis_flow;                      /* of a card without fans: the air that others move, as a share of full fans */
    double target_c;                          /* above it the driver holds clocks back */
    double recirculation_k_per_w;             /* how much warmer its own heat makes the air that it draws */
    double neighbour_k_per_w;                 /* and the heat of the next card; a third of that for the one after */
};

/* What is held back, as NVML's bits of clock event reasons have it. */
enum {
    REASON_IDLE = 0x1,
    REASON_CLOCKS_SETTING = 0x2,
    REASON_POWER_CAP = 0x4,
    REASON_HW_SLOWDOWN = 0x8,
    REASON_SW_THERMAL = 0x20,
    REASON_HW_THERMAL = 0x40,
};

/* What a program runs on the card at a moment: shares of full use. */
struct demand {
    double core, memory;
};

/* What bounds the card at a moment. */
struct bounds {
    double limit_w;
    double clock_idle_mhz, clock_max_mhz;       /* of the card */
    double lock_least_mhz, lock_most_mhz;       /* 0: not locked */
    double slowdown_c, shutdown_c;
    int fans;
    double fan_wanted_percent[FANS_MAX];        /* manual; below 0: automatic */
    int fan_stuck[FANS_MAX];
    double air_c;                               /* of the air that it draws */
};

/* How a card is. */
struct body {
    double die_c, sink_c, memory_c;
    double clock_mhz, heat_cap_mhz;             /* heat_cap: what heat leaves of the clock */
    double power_w, mean_w;                     /* now; as its own regulator sees it */
    double fan_target_percent[FANS_MAX], fan_percent[FANS_MAX]; /* told; turning at, as a share of full speed */
    int fans_standing;                          /* automatic, and stopped */
    unsigned int reasons;
    double energy_j, work_done_s, work_asked_s, slowdown_s; /* work: seconds at the highest clock */
    int shut_down;
};

/* A card that has been at rest in this air for long. */
struct body physics_at_rest(const struct physics *physics, const struct bounds *bounds);

/* Moves the card on by `s` seconds, at most 0.1. */
void physics_step(const struct physics *physics, const struct bounds *bounds, struct demand demand, double s,
                  struct body *body);

#endif
