/* Temperature, power, clocks and what holds them back, utilisation. */
#include "access.h"

FIGURE(nvmlDeviceGetPowerUsage, device_reading(device, card).power_mw)
FIGURE(nvmlDeviceGetPowerManagementDefaultLimit, device->power_default_w * 1000)
FIGURE(nvmlDeviceGetPowerManagementMode, 1)
FIGURE(nvmlDeviceGetPowerManagementLimit, card->settings.power_limit_mw)
FIGURE(nvmlDeviceGetEnforcedPowerLimit, card->settings.power_limit_mw)
FIGURE(nvmlDeviceGetPerformanceState, device_reading(device, card).performance_state)
FIGURE(nvmlDeviceGetPowerState, device_reading(device, card).performance_state)

FIGURE_OF(unsigned long long, nvmlDeviceGetTotalEnergyConsumption, (unsigned long long)(card->body.energy_j * 1000))
FIGURE_OF(unsigned long long, nvmlDeviceGetCurrentClocksEventReasons, card->body.reasons)
FIGURE_OF(unsigned long long, nvmlDeviceGetCurrentClocksThrottleReasons, card->body.reasons)
FIGURE_OF(unsigned long long, nvmlDeviceGetSupportedClocksEventReasons, 0x1ff)
FIGURE_OF(unsigned long long, nvmlDeviceGetSupportedClocksThrottleReasons, 0x1ff)

NVML_API nvmlReturn_t nvmlDeviceGetPowerManagementLimitConstraints(nvmlDevice_t device, unsigned int *least,
                                                                   unsigned int *most) {
    LOOK(device, least);
    (void)card;
    if (most == NULL) DONE(NVML_ERROR_INVALID_ARGUMENT);
    *least = device->power_min_w * 1000;
    *most = device->power_max_w * 1000;
    DONE(NVML_SUCCESS);
}

static int unreadable(struct card *card, const char *function) {
    return fault_strikes(&card->faults, FAULT_TEMPERATURE_UNREADABLE, function);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperature(nvmlDevice_t device, unsigned int sensor, unsigned int *degrees) {
    LOOK(device, degrees);
    if (sensor != NVML_TEMPERATURE_GPU) DONE(NVML_ERROR_INVALID_ARGUMENT);
    if (unreadable(card, __func__)) DONE(NVML_ERROR_UNKNOWN);
    *degrees = device_reading(device, card).temperature_c;
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureV(nvmlDevice_t device, nvmlTemperature_v1_t *temperature) {
    LOOK(device, temperature);
    if (temperature->version != NVML_STRUCT_VERSION(nvmlTemperature_v1_t, 1)) DONE(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    if (temperature->sensorType != NVML_TEMPERATURE_GPU) DONE(NVML_ERROR_INVALID_ARGUMENT);
    if (unreadable(card, __func__)) DONE(NVML_ERROR_UNKNOWN);
    temperature->temperature = (int)device_reading(device, card).temperature_c;
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetTemperatureThreshold(nvmlDevice_t device, unsigned int kind, unsigned int *degrees) {
    LOOK(device, degrees);
    (void)card;
    if (device->margin) DONE(NVML_ERROR_NOT_SUPPORTED);
    switch (kind) {
        case NVML_TEMPERATURE_THRESHOLD_SHUTDOWN: *degrees = device->temperature_shutdown_c; break;
        case NVML_TEMPERATURE_THRESHOLD_SLOWDOWN: *degrees = device->temperature_slowdown_c; break;
        default: DONE(NVML_ERROR_NOT_SUPPORTED);
    }
    DONE(NVML_SUCCESS);
}

/* To the highest temperature at which the card works as it should, which is MARGIN_TO_SLOWDOWN_K below slowdown. */
NVML_API nvmlReturn_t nvmlDeviceGetMarginTemperature(nvmlDevice_t device, nvmlMarginTemperature_t *margin) {
    LOOK(device, margin);
    if (margin->version != nvmlMarginTemperature_v1) DONE(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    if (!device->margin) DONE(NVML_ERROR_NOT_SUPPORTED);
    int now = (int)device_reading(device, card).temperature_c;
    margin->marginTemperature = (int)device->temperature_slowdown_c - MARGIN_TO_SLOWDOWN_K - now;
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
    LOOK(device, utilization);
    if (device->mig) DONE(NVML_ERROR_NOT_SUPPORTED);
    struct reading now = device_reading(device, card);
    *utilization = (nvmlUtilization_t){now.utilization_gpu_percent, now.utilization_memory_percent};
    DONE(NVML_SUCCESS);
}

#define NOT_USED(function)                                                                                \
    NVML_API nvmlReturn_t function(nvmlDevice_t device, unsigned int *percent, unsigned int *sampled_us) { \
        LOOK(device, percent);                                                                             \
        (void)card;                                                                                        \
        if (sampled_us == NULL) DONE(NVML_ERROR_INVALID_ARGUMENT);                                         \
        *percent = 0;                                                                                      \
        *sampled_us = 167000;                                                                              \
        DONE(NVML_SUCCESS);                                                                                \
    }

NOT_USED(nvmlDeviceGetEncoderUtilization)
NOT_USED(nvmlDeviceGetDecoderUtilization)

static nvmlReturn_t clock_of(unsigned int kind, unsigned int graphics, unsigned int memory, unsigned int *mhz) {
    if (kind > NVML_CLOCK_VIDEO) return NVML_ERROR_INVALID_ARGUMENT;
    *mhz = kind == NVML_CLOCK_MEM ? memory : graphics;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetClockInfo(nvmlDevice_t device, unsigned int kind, unsigned int *mhz) {
    LOOK(device, mhz);
    struct reading now = device_reading(device, card);
    DONE(clock_of(kind, now.clock_graphics_mhz, now.clock_memory_mhz, mhz));
}

NVML_API nvmlReturn_t nvmlDeviceGetMaxClockInfo(nvmlDevice_t device, unsigned int kind, unsigned int *mhz) {
    LOOK(device, mhz);
    (void)card;
    DONE(clock_of(kind, device->clock_graphics_max_mhz, device->clock_memory_max_mhz, mhz));
}

NVML_API nvmlReturn_t nvmlDeviceGetClock(nvmlDevice_t device, unsigned int kind, unsigned int which, unsigned int *mhz) {
    if (which == 0) return nvmlDeviceGetClockInfo(device, kind, mhz);
    if (which == 3) return nvmlDeviceGetMaxClockInfo(device, kind, mhz);
    return NVML_ERROR_NOT_SUPPORTED; /* application clocks: not on these cards */
}
