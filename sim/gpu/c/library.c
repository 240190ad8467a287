/* The library's start and end, and what it says of the whole system. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "state.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table table;
static unsigned int users;

const struct table *table_current(void) {
    pthread_mutex_lock(&lock);
    const struct table *current = users > 0 ? &table : NULL;
    pthread_mutex_unlock(&lock);
    return current;
}

nvmlReturn_t copy_text(const char *text, char *target, unsigned int size) {
    if (target == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    if (strlen(text) >= size) return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(target, text);
    return NVML_SUCCESS;
}

static nvmlReturn_t open_table(void) {
    nvmlReturn_t result = table_read(&table);
    if (result != NVML_SUCCESS) return result;
    if (*table.driver_version == '\0') return NVML_ERROR_DRIVER_NOT_LOADED;
    if (strcmp(table.driver_version, table.loaded_version) != 0) return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    result = state_attach(&table);
    if (result == NVML_SUCCESS) state_join_driver();
    return result;
}

NVML_API nvmlReturn_t nvmlInitWithFlags(unsigned int flags) {
    (void)flags;
    pthread_mutex_lock(&lock);
    nvmlReturn_t result = users > 0 ? NVML_SUCCESS : open_table();
    if (result == NVML_SUCCESS) users++;
    pthread_mutex_unlock(&lock);
    return result;
}

NVML_API nvmlReturn_t nvmlInit_v2(void) { return nvmlInitWithFlags(0); }

NVML_API nvmlReturn_t nvmlInit(void) { return nvmlInitWithFlags(0); }

NVML_API nvmlReturn_t nvmlShutdown(void) {
    pthread_mutex_lock(&lock);
    nvmlReturn_t result = users > 0 ? NVML_SUCCESS : NVML_ERROR_UNINITIALIZED;
    if (users > 0) users--;
    pthread_mutex_unlock(&lock);
    return result;
}

NVML_API const char *nvmlErrorString(nvmlReturn_t result) {
    switch (result) {
        case NVML_SUCCESS: return "Success";
        case NVML_ERROR_UNINITIALIZED: return "Uninitialized";
        case NVML_ERROR_INVALID_ARGUMENT: return "Invalid Argument";
        case NVML_ERROR_NOT_SUPPORTED: return "Not Supported";
        case NVML_ERROR_NO_PERMISSION: return "Insufficient Permissions";
        case NVML_ERROR_NOT_FOUND: return "Not Found";
        case NVML_ERROR_INSUFFICIENT_SIZE: return "Insufficient Size";
        case NVML_ERROR_DRIVER_NOT_LOADED: return "Driver Not Loaded";
        case NVML_ERROR_LIBRARY_NOT_FOUND: return "NVML Shared Library Not Found";
        case NVML_ERROR_GPU_IS_LOST: return "GPU is lost";
        case NVML_ERROR_RESET_REQUIRED: return "GPU requires reset";
        case NVML_ERROR_TIMEOUT: return "Timeout";
        case NVML_ERROR_OPERATING_SYSTEM: return "Operating System Error";
        case NVML_ERROR_LIB_RM_VERSION_MISMATCH: return "Driver/library version mismatch";
        case NVML_ERROR_ARGUMENT_VERSION_MISMATCH: return "Argument Version Mismatch";
        default: return "Unknown Error";
    }
}

NVML_API nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned int length) {
    const struct table *now = table_current();
    return now == NULL ? NVML_ERROR_UNINITIALIZED : copy_text(now->driver_version, version, length);
}

NVML_API nvmlReturn_t nvmlSystemGetNVMLVersion(char *version, unsigned int length) {
    const struct table *now = table_current();
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (version == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    int needed = snprintf(version, length, "%d.%s", now->cuda_version / 1000, now->driver_version);
    return needed < 0 || (unsigned int)needed >= length ? NVML_ERROR_INSUFFICIENT_SIZE : NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion_v2(int *version) {
    const struct table *now = table_current();
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (version == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    *version = now->cuda_version;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlSystemGetCudaDriverVersion(int *version) { return nvmlSystemGetCudaDriverVersion_v2(version); }

NVML_API nvmlReturn_t nvmlDeviceGetCount_v2(unsigned int *count) {
    const struct table *now = table_current();
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (count == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    *count = table_visible(now);
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetCount(unsigned int *count) { return nvmlDeviceGetCount_v2(count); }

/* A card that is lost gives no handle to who starts anew. */
static nvmlReturn_t handle_of(const struct device *found, nvmlDevice_t *device) {
    nvmlReturn_t result;
    if (state_enter(found, "nvmlDeviceGetHandle", &result) == NULL) return result;
    state_leave();
    *device = (nvmlDevice_t)found;
    return NVML_SUCCESS;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned int index, nvmlDevice_t *device) {
    const struct table *now = table_current();
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (device == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    for (unsigned int i = 0; i < now->count; i++)
        if (now->devices[i].index == (int)index) return handle_of(&now->devices[i], device);
    return NVML_ERROR_INVALID_ARGUMENT;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByIndex(unsigned int index, nvmlDevice_t *device) {
    return nvmlDeviceGetHandleByIndex_v2(index, device);
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByUUID(const char *uuid, nvmlDevice_t *device) {
    const struct table *now = table_current();
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (uuid == NULL || device == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    for (unsigned int i = 0; i < now->count; i++)
        if (now->devices[i].index >= 0 && strcmp(now->devices[i].uuid, uuid) == 0) return handle_of(&now->devices[i], device);
    return NVML_ERROR_NOT_FOUND;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByPciBusId_v2(const char *address, nvmlDevice_t *device) {
    const struct table *now = table_current();
    unsigned int domain, bus, slot;
    if (now == NULL) return NVML_ERROR_UNINITIALIZED;
    if (address == NULL || device == NULL) return NVML_ERROR_INVALID_ARGUMENT;
    if (sscanf(address, "%x:%x:%x.", &domain, &bus, &slot) != 3) return NVML_ERROR_INVALID_ARGUMENT;
    for (unsigned int i = 0; i < now->count; i++) {
        const struct device *one = &now->devices[i];
        if (one->index >= 0 && one->pci_domain == domain && one->pci_bus == bus && one->pci_device == slot)
            return handle_of(one, device);
    }
    return NVML_ERROR_NOT_FOUND;
}

NVML_API nvmlReturn_t nvmlDeviceGetHandleByPciBusId(const char *address, nvmlDevice_t *device) {
    return nvmlDeviceGetHandleByPciBusId_v2(address, device);
}
