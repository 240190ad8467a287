/* What else may be set on a device. As in the real library, only root may, and a figure out of range is refused. */
#include <stddef.h>
#include <unistd.h>

#include "access.h"

int may_set(void) { return geteuid() == 0; }

/* Writes a setting, unless it is not allowed, out of range, or a fault lets it vanish. */
#define SET(in_range, assignment)                                                          \
    do {                                                                                   \
        if (!may_set()) DONE(NVML_ERROR_NO_PERMISSION);                                    \
        if (!(in_range)) DONE(NVML_ERROR_INVALID_ARGUMENT);                                \
        if (!fault_strikes(&card->faults, FAULT_SET_IGNORED, __func__)) { assignment; }    \
        DONE(NVML_SUCCESS);                                                                \
    } while (0)

NVML_API nvmlReturn_t nvmlDeviceSetPersistenceMode(nvmlDevice_t device, unsigned int mode) {
    LOOK(device, device);
    SET(mode <= 1, card->settings.persistence_mode = mode);
}

NVML_API nvmlReturn_t nvmlDeviceSetPowerManagementLimit(nvmlDevice_t device, unsigned int milliwatts) {
    LOOK(device, device);
    SET(milliwatts >= device->power_min_w * 1000 && milliwatts <= device->power_max_w * 1000,
        card->settings.power_limit_mw = milliwatts);
}

NVML_API nvmlReturn_t nvmlDeviceSetGpuLockedClocks(nvmlDevice_t device, unsigned int least, unsigned int most) {
    LOOK(device, device);
    SET(least <= most && most > 0, card->settings.graphics_least_mhz = least; card->settings.graphics_most_mhz = most);
}

NVML_API nvmlReturn_t nvmlDeviceResetGpuLockedClocks(nvmlDevice_t device) {
    LOOK(device, device);
    SET(1, card->settings.graphics_least_mhz = card->settings.graphics_most_mhz = 0);
}

NVML_API nvmlReturn_t nvmlDeviceSetMemoryLockedClocks(nvmlDevice_t device, unsigned int least, unsigned int most) {
    LOOK(device, device);
    SET(least <= most && most > 0, card->settings.memory_least_mhz = least; card->settings.memory_most_mhz = most);
}

NVML_API nvmlReturn_t nvmlDeviceResetMemoryLockedClocks(nvmlDevice_t device) {
    LOOK(device, device);
    SET(1, card->settings.memory_least_mhz = card->settings.memory_most_mhz = 0);
}
