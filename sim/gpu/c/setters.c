/* What may be set on a device. As in the real library, only root may, and a figure out of range is refused. */
#include <stddef.h>

#include "device.h"

static nvmlReturn_t asked(const struct device *device) {
    if (table_current() == NULL) return NVML_ERROR_UNINITIALIZED;
    return device == NULL ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceSetPersistenceMode(nvmlDevice_t device, unsigned int mode) {
    nvmlReturn_t result = asked(device);
    if (result != NVML_SUCCESS || mode > 1) return result != NVML_SUCCESS ? result : NVML_ERROR_INVALID_ARGUMENT;
    struct settings wanted = settings_get(table_current(), device);
    wanted.persistence_mode = mode;
    return settings_set(table_current(), device, wanted);
}

NVML_API nvmlReturn_t nvmlDeviceSetPowerManagementLimit(nvmlDevice_t device, unsigned int milliwatts) {
    nvmlReturn_t result = asked(device);
    if (result != NVML_SUCCESS) return result;
    if (milliwatts < device->power_min_w * 1000 || milliwatts > device->power_max_w * 1000)
        return NVML_ERROR_INVALID_ARGUMENT;
    struct settings wanted = settings_get(table_current(), device);
    wanted.power_limit_mw = milliwatts;
    return settings_set(table_current(), device, wanted);
}
