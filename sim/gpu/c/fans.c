/* Fans: a speed that was set stays, whoever set it, until somebody hands the fan back to the card. */
#include "access.h"

enum { AUTOMATIC = 0, MANUAL = 1 };

static nvmlReturn_t fan_of(const struct device *device, unsigned int fan) {
    if (device->fans == 0) return NVML_ERROR_NOT_SUPPORTED;
    return fan >= device->fans || fan >= FANS_MAX ? NVML_ERROR_INVALID_ARGUMENT : NVML_SUCCESS;
}

FIGURE(nvmlDeviceGetNumFans, device->fans)

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed_v2(nvmlDevice_t device, unsigned int fan, unsigned int *percent) {
    LOOK(device, percent);
    if (fan_of(device, fan) == NVML_SUCCESS) *percent = device_fan_percent(device, card, fan);
    DONE(fan_of(device, fan));
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeed(nvmlDevice_t device, unsigned int *percent) {
    return nvmlDeviceGetFanSpeed_v2(device, 0, percent);
}

NVML_API nvmlReturn_t nvmlDeviceGetTargetFanSpeed(nvmlDevice_t device, unsigned int fan, unsigned int *percent) {
    return nvmlDeviceGetFanSpeed_v2(device, fan, percent);
}

NVML_API nvmlReturn_t nvmlDeviceGetFanSpeedRPM(nvmlDevice_t device, nvmlFanSpeedInfo_t *info) {
    LOOK(device, info);
    if (info->version != NVML_STRUCT_VERSION(nvmlFanSpeedInfo_t, 1)) DONE(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
    if (fan_of(device, info->fan) == NVML_SUCCESS) info->speed = device_fan_rpm(device, card, info->fan);
    DONE(fan_of(device, info->fan));
}

NVML_API nvmlReturn_t nvmlDeviceGetMinMaxFanSpeed(nvmlDevice_t device, unsigned int *least, unsigned int *most) {
    LOOK(device, least);
    (void)card;
    if (most == NULL) DONE(NVML_ERROR_INVALID_ARGUMENT);
    if (device->fans == 0) DONE(NVML_ERROR_NOT_SUPPORTED);
    *least = device->moves ? (unsigned int)device->physics.fan_least_percent : 30;
    *most = 100;
    DONE(NVML_SUCCESS);
}

NVML_API nvmlReturn_t nvmlDeviceGetFanControlPolicy_v2(nvmlDevice_t device, unsigned int fan, unsigned int *policy) {
    LOOK(device, policy);
    if (fan_of(device, fan) == NVML_SUCCESS) *policy = card->settings.fan_percent[fan] < 0 ? AUTOMATIC : MANUAL;
    DONE(fan_of(device, fan));
}

/* As in the real library only root may, and a speed out of range is refused. `percent` below 0: handed back. */
static nvmlReturn_t set(struct card *card, const struct device *device, unsigned int fan, int percent, const char *function) {
    nvmlReturn_t result = fan_of(device, fan);
    if (result != NVML_SUCCESS) return result;
    if (!may_set()) return NVML_ERROR_NO_PERMISSION;
    int least = device->moves ? (int)device->physics.fan_least_percent : 30;
    if (percent > 100 || (percent >= 0 && percent < least)) return NVML_ERROR_INVALID_ARGUMENT;
    if (!fault_strikes(&card->faults, FAULT_SET_IGNORED, function)) card->settings.fan_percent[fan] = percent;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceSetFanSpeed_v2(nvmlDevice_t device, unsigned int fan, unsigned int percent) {
    LOOK(device, device);
    DONE(set(card, device, fan, percent > 1000 ? 1000 : (int)percent, __func__));
}

NVML_API nvmlReturn_t nvmlDeviceSetDefaultFanSpeed_v2(nvmlDevice_t device, unsigned int fan) {
    LOOK(device, device);
    DONE(set(card, device, fan, -1, __func__));
}

NVML_API nvmlReturn_t nvmlDeviceSetFanControlPolicy(nvmlDevice_t device, unsigned int fan, unsigned int policy) {
    LOOK(device, device);
    if (policy > MANUAL) DONE(NVML_ERROR_INVALID_ARGUMENT);
    int stays = fan_of(device, fan) == NVML_SUCCESS ? (int)device_fan_percent(device, card, fan) : 0;
    int least = device->moves ? (int)device->physics.fan_least_percent : 30;
    DONE(set(card, device, fan, policy == AUTOMATIC ? -1 : stays < least ? least : stays, __func__));
}
