/* What programs set, in a file that all processes share: one record a device, missing until something is set. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"

struct record {
    unsigned int is_set;
    struct settings settings;
};

static struct settings initial(const struct device *device) {
    return (struct settings){
        .persistence_mode = device->persistence_mode,
        .power_limit_mw = device->power_default_w * 1000,
    };
}

static off_t place(const struct device *device) { return (off_t)(device->index * sizeof(struct record)); }

struct settings settings_get(const struct table *table, const struct device *device) {
    struct record record = {0};
    int file = open(table->settings_path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return initial(device);
    flock(file, LOCK_SH);
    ssize_t got = pread(file, &record, sizeof record, place(device));
    close(file);
    return got == (ssize_t)sizeof record && record.is_set ? record.settings : initial(device);
}

static void make_folder(const char *path) {
    char folder[256];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL && slash != folder) {
        *slash = '\0';
        mkdir(folder, 0755);
    }
}

nvmlReturn_t settings_set(const struct table *table, const struct device *device, struct settings wanted) {
    if (geteuid() != 0) return NVML_ERROR_NO_PERMISSION;
    struct record record = {.is_set = 1, .settings = wanted};
    make_folder(table->settings_path);
    int file = open(table->settings_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return NVML_ERROR_OPERATING_SYSTEM;
    flock(file, LOCK_EX);
    ssize_t put = pwrite(file, &record, sizeof record, place(device));
    close(file);
    return put == (ssize_t)sizeof record ? NVML_SUCCESS : NVML_ERROR_OPERATING_SYSTEM;
}
