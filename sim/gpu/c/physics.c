#include "physics.h"

#include <math.h>
#include <string.h>

#define REGULATOR_S 0.25   /* how fast the card's own regulator follows its draw: the limit bounds a mean, no peak */
#define CLOCK_S 0.15       /* how fast the clock goes where it is to go */
#define HEAT_MHZ_PER_S 30.0
#define HEAT_BAND_K 2.0    /* the clock comes back when it is so much cooler */
#define AUTOMATIC_PERCENT_PER_S 6.0

static double least(double one, double other) { return one < other ? one : other; }
static double most(double one, double other) { return one > other ? one : other; }
static double toward(double now, double aim, double s, double constant_s) {
    return now + (aim - now) * least(1.0, s / constant_s);
}

static double core_w(const struct physics *physics, double share_of_clock) {
    double voltage = most(physics->voltage_floor, 1.0 - physics->voltage_slope * (1.0 - share_of_clock));
    return physics->core_w * share_of_clock * voltage * voltage;
}

static int works(struct demand demand) { return demand.core > 0.001 || demand.memory > 0.001; }

static double draw_w(const struct physics *physics, const struct bounds *bounds, struct demand demand, double clock_mhz) {
    if (!works(demand)) return physics->idle_w;
    double drawn = physics->base_w + physics->memory_w * demand.memory +
                   core_w(physics, clock_mhz / bounds->clock_max_mhz) * demand.core;
    return most(drawn, physics->idle_w);
}

/* The highest clock at which the card would draw no more than its limit. */
static double clock_for_limit(const struct physics *physics, const struct bounds *bounds, struct demand demand) {
    double low = bounds->clock_idle_mhz, high = bounds->clock_max_mhz;
    if (draw_w(physics, bounds, demand, high) <= bounds->limit_w) return high;
    for (int i = 0; i < 12; i++) {
        double middle = (low + high) / 2;
        if (draw_w(physics, bounds, demand, middle) > bounds->limit_w)
            high = middle;
        else
            low = middle;
    }
    return low;
}

static void hold_back_for_heat(const struct physics *physics, const struct bounds *bounds, double s, struct body *body) {
    if (body->die_c >= bounds->slowdown_c) {
        body->heat_cap_mhz = least(body->heat_cap_mhz, bounds->clock_max_mhz / 2);
        body->reasons |= REASON_HW_SLOWDOWN | REASON_HW_THERMAL;
        body->slowdown_s += s;
    } else if (body->die_c > physics->target_c) {
        double by = HEAT_MHZ_PER_S * s * least(4.0, body->die_c - physics->target_c);
        body->heat_cap_mhz = most(bounds->clock_idle_mhz, least(body->heat_cap_mhz, bounds->clock_max_mhz) - by);
    } else if (body->die_c < physics->target_c - HEAT_BAND_K) {
        body->heat_cap_mhz = least(bounds->clock_max_mhz, body->heat_cap_mhz + HEAT_MHZ_PER_S * s);
    }
    if (body->die_c >= bounds->shutdown_c) body->shut_down = 1;
}

static void set_clock(const struct physics *physics, const struct bounds *bounds, struct demand demand, double s,
                      struct body *body) {
    body->reasons = 0;
    hold_back_for_heat(physics, bounds, s, body);
    double aim = bounds->clock_max_mhz;
    if (!works(demand)) {
        body->reasons |= REASON_IDLE;
        aim = most(bounds->clock_idle_mhz, bounds->lock_least_mhz);
    }
    if (bounds->lock_most_mhz > 0 && aim > bounds->lock_most_mhz) {
        aim = bounds->lock_most_mhz;
        body->reasons |= REASON_CLOCKS_SETTING;
    }
    if (body->heat_cap_mhz < aim) {
        aim = body->heat_cap_mhz;
        body->reasons |= REASON_SW_THERMAL;
    }
    double affordable = clock_for_limit(physics, bounds, demand);
    if (works(demand) && affordable < aim) {
        if (body->mean_w > bounds->limit_w * 0.97) body->reasons |= REASON_POWER_CAP;
        /* The regulator knows only what it has measured: after a pause the card starts at full clock. */
        if (body->mean_w > bounds->limit_w * 0.9) aim = affordable;
    }
    body->clock_mhz = toward(body->clock_mhz, aim, s, CLOCK_S);
}

static double automatic_percent(const struct physics *physics, struct body *body) {
    if (body->fans_standing && body->die_c >= physics->fan_start_c) body->fans_standing = 0;
    if (!body->fans_standing && body->die_c < physics->fan_stop_c) body->fans_standing = 1;
    if (body->fans_standing) return 0;
    double share = (body->die_c - physics->fan_from_c) / (physics->fan_full_c - physics->fan_from_c);
    return physics->fan_from_percent + (100 - physics->fan_from_percent) * most(0, least(1, share));
}

/* The air that the fans move, as a share of what all of them move at full speed. */
static double turn_fans(const struct physics *physics, const struct bounds *bounds, double s, struct body *body) {
    if (bounds->fans == 0) return physics->chassis_flow;
    double automatic = automatic_percent(physics, body), flow = 0;
    for (int fan = 0; fan < bounds->fans; fan++) {
        double wanted = bounds->fan_wanted_percent[fan], *told = &body->fan_target_percent[fan];
        if (wanted >= 0)
            *told = wanted;
        else if (*told == 0 || automatic == 0)
            *told = automatic;
        else
            *told += most(-AUTOMATIC_PERCENT_PER_S * s, least(AUTOMATIC_PERCENT_PER_S * s, automatic - *told));
        body->fan_percent[fan] = toward(body->fan_percent[fan], bounds->fan_stuck[fan] ? 0 : *told, s, physics->fan_s);
        flow += body->fan_percent[fan] / 100.0 / bounds->fans;
    }
    return flow;
}

static double sink_w_per_k(const struct physics *physics, double flow) {
    return physics->still_w_per_k + physics->blown_w_per_k * pow(flow, 0.8);
}

static double memory_share_w(const struct physics *physics, struct demand demand) {
    return works(demand) ? 0.3 * physics->base_w + physics->memory_w * demand.memory : 0.2 * physics->idle_w;
}

struct body physics_at_rest(const struct physics *physics, const struct bounds *bounds) {
    struct body body;
    memset(&body, 0, sizeof body);
    double flow = bounds->fans == 0 ? physics->chassis_flow : 0;
    body.clock_mhz = bounds->clock_idle_mhz;
    body.heat_cap_mhz = bounds->clock_max_mhz;
    body.power_w = body.mean_w = physics->idle_w;
    body.sink_c = bounds->air_c + physics->idle_w / sink_w_per_k(physics, flow);
    body.die_c = body.sink_c + 0.5 * physics->idle_w * physics->die_k_per_w;
    body.memory_c = body.sink_c + 0.2 * physics->idle_w * physics->memory_k_per_w;
    body.fans_standing = 1;
    body.reasons = REASON_IDLE;
    return body;
}

void physics_step(const struct physics *physics, const struct bounds *bounds, struct demand demand, double s,
                  struct body *body) {
    set_clock(physics, bounds, demand, s, body);
    double share = body->clock_mhz / bounds->clock_max_mhz;
    body->power_w = body->shut_down ? 0 : draw_w(physics, bounds, demand, body->clock_mhz);
    body->mean_w = toward(body->mean_w, body->power_w, s, REGULATOR_S);
    body->energy_j += body->power_w * s;
    body->work_asked_s += demand.core * s;
    if (!body->shut_down) body->work_done_s += demand.core * share * s;

    double flow = turn_fans(physics, bounds, s, body);
    double memory_w = body->shut_down ? 0 : memory_share_w(physics, demand);
    double rest_w = 0.15 * body->power_w; /* regulators and board */
    double die_w = most(0, body->power_w - memory_w - rest_w);
    double from_die = (body->die_c - body->sink_c) / physics->die_k_per_w;
    double from_memory = (body->memory_c - body->sink_c) / physics->memory_k_per_w;
    body->die_c += s * (die_w - from_die) / physics->die_j_per_k;
    body->memory_c += s * (memory_w - from_memory) / physics->memory_j_per_k;
    double off = (body->sink_c - bounds->air_c) * sink_w_per_k(physics, flow);
    body->sink_c += s * (from_die + from_memory + rest_w - off) / physics->sink_j_per_k;
}
