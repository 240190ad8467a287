/* How every call on a device begins and ends. */
#ifndef RIGWRIGHT_SIM_ACCESS_H
#define RIGWRIGHT_SIM_ACCESS_H

#include <stddef.h>

#include "state.h"

/* Opens a look at `device` as `card`; gives the caller's function its result where there is none to be had. */
#define LOOK(device, target)                                                     \
    nvmlReturn_t result = NVML_SUCCESS;                                          \
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;                \
    if ((device) == NULL || (target) == NULL) return NVML_ERROR_INVALID_ARGUMENT; \
    struct card *card = state_enter((device), __func__, &result);                \
    if (card == NULL) return result

/* Ends it, with what the call comes to. */
#define DONE(outcome)          \
    do {                       \
        result = (outcome);    \
        state_leave();         \
        return result;         \
    } while (0)

/* A getter of one figure: its name, its type, and an expression over `device` and `card`. */
#define FIGURE_OF(type, function, expression)                         \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, type *value) { \
        LOOK(device, value);                                          \
        (void)card;                                                   \
        *value = (expression);                                        \
        DONE(NVML_SUCCESS);                                           \
    }
#define FIGURE(function, expression) FIGURE_OF(unsigned int, function, expression)

#define TEXT(function, expression)                                                           \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, char *target, unsigned int length) { \
        LOOK(device, target);                                                                \
        (void)card;                                                                          \
        DONE(copy_text((expression), target, length));                                       \
    }

#endif
