/* Figures that are asked for by number. */
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "access.h"

static nvmlReturn_t counted(const struct device *device, const struct card *card, unsigned int id, unsigned int *number) {
    switch (id) {
        case NVML_FI_DEV_MEMORY_TEMP: /* GDDR has a sensor, too, but NVML does not tell it */
            *number = device_reading(device, card).memory_temperature_c;
            return device->hbm ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
        case NVML_FI_DEV_POWER_INSTANT: *number = device_reading(device, card).power_mw; return NVML_SUCCESS;
        case NVML_FI_DEV_POWER_AVERAGE:
            *number = device->moves ? (unsigned int)(card->body.mean_w * 1000) : device->power_usage_w * 1000;
            return NVML_SUCCESS;
        default: return NVML_ERROR_NOT_SUPPORTED;
    }
}

/* Thresholds by their distance from the limit, below nothing where they are above it. False: it is none of them. */
static bool distance(const struct device *device, unsigned int id, int *kelvin) {
    int limit = (int)device->temperature_slowdown_c - MARGIN_TO_SLOWDOWN_K;
    switch (id) {
        case NVML_FI_DEV_TEMPERATURE_SHUTDOWN_TLIMIT: *kelvin = limit - (int)device->temperature_shutdown_c; return true;
        case NVML_FI_DEV_TEMPERATURE_SLOWDOWN_TLIMIT: *kelvin = -MARGIN_TO_SLOWDOWN_K; return true;
        case NVML_FI_DEV_TEMPERATURE_GPU_MAX_TLIMIT: *kelvin = 0; return true;
        default: return false;
    }
}

static void field(const struct device *device, const struct card *card, nvmlFieldValue_t *value) {
    int kelvin;
    if (distance(device, value->fieldId, &kelvin)) {
        value->valueType = NVML_VALUE_TYPE_SIGNED_INT;
        value->value.number = (unsigned int)kelvin; /* the same four bytes */
        value->nvmlReturn = device->margin ? NVML_SUCCESS : NVML_ERROR_NOT_SUPPORTED;
    } else {
        value->valueType = NVML_VALUE_TYPE_UNSIGNED_INT;
        value->nvmlReturn = counted(device, card, value->fieldId, &value->value.number);
    }
}

NVML_API nvmlReturn_t nvmlDeviceGetFieldValues(nvmlDevice_t device, int count, nvmlFieldValue_t *values) {
    LOOK(device, values);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    for (int i = 0; i < count; i++) {
        memset(&values[i].value, 0, sizeof values[i].value);
        values[i].timestamp = (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
        values[i].latencyUsec = 0;
        field(device, card, &values[i]);
    }
    DONE(count < 0 ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS);
}
