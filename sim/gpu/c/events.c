/* Events: the one that the simulation has is the Xid of a card that falls off the bus. */
#include <stdlib.h>
#include <time.h>

#include "access.h"

#define XID_FALLEN_OFF_THE_BUS 79
#define LOOK_NS 50000000L

struct event_set {
    nvmlDevice_t devices[DEVICES_MAX];
    int told[DEVICES_MAX];
    unsigned int count;
};

NVML_API nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set) {
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;
    if (set == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    *set = calloc(1, sizeof **set);
    return *set != NULL ? NVML_SUCCESS : NVML_ERROR_UNKNOWN;
}

FIGURE_OF(unsigned long long, nvmlDeviceGetSupportedEventTypes, NVML_EVENT_TYPE_XID_CRITICAL_ERROR)

NVML_API nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t device, unsigned long long types, nvmlEventSet_t set) {
    LOOK(device, set);
    (void)card;
    if (types & ~(unsigned long long)NVML_EVENT_TYPE_XID_CRITICAL_ERROR) DONE(NVML_ERROR_NOT_SUPPORTED);
    if (set->count == DEVICES_MAX) DONE(NVML_ERROR_INSUFFICIENT_SIZE);
    set->devices[set->count++] = device;
    DONE(NVML_SUCCESS);
}

static int one_is_lost(nvmlEventSet_t set, nvmlEventData_t *data) {
    nvmlReturn_t result;
    const struct card *cards = state_cards(&result);
    if (cards == NULL) return 0;
    int found = 0;
    for (unsigned int i = 0; i < set->count && !found; i++) {
        int lost = cards[set->devices[i]->slot].lost || cards[set->devices[i]->slot].faults.of[FAULT_LOST].active;
        if (lost && !set->told[i]) {
            *data = (nvmlEventData_t){set->devices[i], NVML_EVENT_TYPE_XID_CRITICAL_ERROR, XID_FALLEN_OFF_THE_BUS, ~0U, ~0U};
            found = 1;
        }
        set->told[i] = lost;
    }
    state_leave();
    return found;
}

NVML_API nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned int timeout_ms) {
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;
    if (set == NULL || data == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    for (long long left_ns = timeout_ms * 1000000LL;; left_ns -= LOOK_NS) {
        if (one_is_lost(set, data)) return NVML_SUCCESS;
        if (left_ns <= 0) return NVML_ERROR_TIMEOUT;
        nanosleep(&(struct timespec){.tv_nsec = left_ns < LOOK_NS ? (long)left_ns : LOOK_NS}, NULL);
    }
}

NVML_API nvmlReturn_t nvmlEventSetWait(nvmlEventSet_t set, nvmlEventData_t *data, unsigned int timeout_ms) {
    return nvmlEventSetWait_v2(set, data, timeout_ms);
}

NVML_API nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set) {
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;
    free(set);
    return NVML_SUCCESS;
}
