#include "control.h"

#include <string.h>

#include "state.h"

/* Programs that steer need no driver to be there: the table alone. */
static struct table own;

NVML_API nvmlReturn_t rwsim_open(void) {
    nvmlReturn_t result = table_current() != NULL ? NVML_SUCCESS : table_read(&own);
    return result != NVML_SUCCESS || table_current() != NULL ? result : state_attach(&own);
}

static const struct table *its_table(void) { return table_current() != NULL ? table_current() : &own; }

/* Every steering of one card begins here; its end is `state_leave`. */
static struct card *card_at(unsigned int slot, nvmlReturn_t *result) {
    *result = NVML_ERROR_INVALID_ARGUMENT;
    if (slot >= its_table()->count) return NULL;
    struct card *cards = state_cards(result);
    return cards == NULL ? NULL : &cards[slot];
}

NVML_API double rwsim_now_s(void) { return state_now_s(); }
NVML_API nvmlReturn_t rwsim_advance(double seconds) { return state_advance(seconds); }
NVML_API nvmlReturn_t rwsim_ambient(double celsius) { return state_set_ambient(celsius); }

NVML_API nvmlReturn_t rwsim_load(unsigned int slot, const char *schedule, unsigned int seed) {
    nvmlReturn_t result;
    int which = load_named(schedule);
    if (which < 0) return NVML_ERROR_NOT_FOUND;
    struct card *card = card_at(slot, &result);
    if (card == NULL) return result;
    card->load = load_begun(which, seed);
    state_leave();
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t rwsim_fault(unsigned int slot, const char *kind, long calls, double value, const char *function) {
    nvmlReturn_t result;
    int which = fault_named(kind), mismatch = strcmp(kind, "mismatch") == 0;
    if (which < 0 && !mismatch) return NVML_ERROR_NOT_FOUND;
    if (strlen(function) >= sizeof ((struct fault *)0)->function) return NVML_ERROR_INVALID_ARGUMENT;
    struct card *card = card_at(slot, &result);
    if (card == NULL) return result;
    if (mismatch) {
        state_change_driver();
    } else {
        struct fault fault = {.active = 1, .calls = calls, .value = value};
        strcpy(fault.function, function);
        card->faults.of[which] = fault;
    }
    state_leave();
    return NVML_SUCCESS;
}

/* A card that comes back from being lost has forgotten what was set on it, as after a reset. */
static void brought_back(unsigned int slot, struct card *card) {
    const struct device *device = &its_table()->devices[slot];
    card->lost = card->body.shut_down = 0;
    card->settings = (struct settings){.power_limit_mw = device->power_default_w * 1000};
    for (int fan = 0; fan < FANS_MAX; fan++) card->settings.fan_percent[fan] = -1;
}

NVML_API nvmlReturn_t rwsim_clear(unsigned int slot, const char *kind) {
    nvmlReturn_t result;
    int which = fault_named(kind);
    if (which < 0 && *kind != '\0') return NVML_ERROR_NOT_FOUND;
    struct card *card = card_at(slot, &result);
    if (card == NULL) return result;
    int lost = card->lost || card->faults.of[FAULT_LOST].active || card->faults.of[FAULT_RESET_REQUIRED].active;
    for (int i = 0; i < FAULT_COUNT; i++)
        if (which < 0 || i == which) card->faults.of[i] = (struct fault){0};
    if (lost && !card->faults.of[FAULT_LOST].active && !card->faults.of[FAULT_RESET_REQUIRED].active)
        brought_back(slot, card);
    state_leave();
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t rwsim_truth(unsigned int slot, struct truth *truth) {
    nvmlReturn_t result;
    const struct card *card = card_at(slot, &result);
    if (card == NULL) return result;
    const struct device *device = &its_table()->devices[slot];
    const struct body *body = &card->body;
    *truth = (struct truth){
        .die_c = body->die_c, .memory_c = body->memory_c, .sink_c = body->sink_c, .air_c = state_air_c(slot),
        .power_w = body->power_w, .limit_w = card->settings.power_limit_mw / 1000.0,
        .clock_mhz = body->clock_mhz, .clock_wanted_mhz = device->clock_graphics_max_mhz,
        .lock_most_mhz = card->settings.graphics_most_mhz,
        .energy_j = body->energy_j, .work_done_s = body->work_done_s, .work_asked_s = body->work_asked_s,
        .slowdown_s = body->slowdown_s, .fans = (int)device->fans, .shut_down = body->shut_down,
        .lost = card->lost || card->faults.of[FAULT_LOST].active, .reasons = body->reasons,
    };
    for (unsigned int fan = 0; fan < FANS_MAX && fan < device->fans; fan++) {
        truth->fan_percent[fan] = body->fan_percent[fan];
        truth->fan_rpm[fan] = device_fan_rpm(device, card, fan);
        truth->fan_manual[fan] = card->settings.fan_percent[fan] >= 0;
    }
    state_leave();
    truth->now_s = state_now_s();
    return NVML_SUCCESS;
}
