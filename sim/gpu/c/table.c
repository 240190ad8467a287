/* Reads the device table from its file: sections `[system]` and, one a device, `[gpu]`; lines `key=value`. */
#include "device.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

#define DEFAULT_PATH "/etc/rigwright-sim/gpus.conf"

enum kind { TEXT, NUMBER };

struct key {
    const char *name;
    enum kind kind;
    size_t offset, size;
};

#define TEXT_KEY(field) {#field, TEXT, offsetof(struct device, field), sizeof(((struct device *)0)->field)}
#define NUMBER_KEY(field) {#field, NUMBER, offsetof(struct device, field), sizeof(unsigned int)}

static const struct key KEYS[] = {
    TEXT_KEY(name),
    TEXT_KEY(uuid),
    TEXT_KEY(vbios),
    TEXT_KEY(pci_bus_id),
    NUMBER_KEY(pci_device_id),
    NUMBER_KEY(pci_subsystem_id),
    NUMBER_KEY(compute_major),
    NUMBER_KEY(compute_minor),
    NUMBER_KEY(memory_total_mib),
    NUMBER_KEY(memory_reserved_mib),
    NUMBER_KEY(memory_used_mib),
    NUMBER_KEY(pcie_gen_current),
    NUMBER_KEY(pcie_gen_max),
    NUMBER_KEY(pcie_width_current),
    NUMBER_KEY(pcie_width_max),
    NUMBER_KEY(power_default_w),
    NUMBER_KEY(power_min_w),
    NUMBER_KEY(power_max_w),
    NUMBER_KEY(power_usage_w),
    NUMBER_KEY(temperature_c),
    NUMBER_KEY(temperature_slowdown_c),
    NUMBER_KEY(temperature_shutdown_c),
    NUMBER_KEY(fans),
    NUMBER_KEY(fan_percent),
    NUMBER_KEY(utilization_gpu_percent),
    NUMBER_KEY(utilization_memory_percent),
    NUMBER_KEY(clock_graphics_mhz),
    NUMBER_KEY(clock_graphics_max_mhz),
    NUMBER_KEY(clock_memory_mhz),
    NUMBER_KEY(clock_memory_max_mhz),
    NUMBER_KEY(performance_state),
    NUMBER_KEY(persistence_mode),
};
#define KEY_COUNT (sizeof KEYS / sizeof *KEYS)

struct system_lines {
    char driver_version[64], cuda_version[16], settings[256];
};

struct reader {
    const char *path;
    unsigned int line;
    struct table *table;
    struct system_lines system;
    unsigned long long seen; /* one bit a key of the present device */
    int in_system;
};

static int fault(const struct reader *reader, const char *what, const char *detail) {
    fprintf(stderr, "rigwright-sim: %s:%u: %s%s%s\n", reader->path, reader->line, what, *detail ? " " : "", detail);
    return 0;
}

static char *trimmed(char *text) {
    while (isspace((unsigned char)*text)) text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1])) end--;
    *end = '\0';
    return text;
}

static int store_text(const struct reader *reader, char *target, size_t size, const char *value) {
    if (strlen(value) >= size) return fault(reader, "too long:", value);
    strcpy(target, value);
    return 1;
}

static int store_number(const struct reader *reader, unsigned int *target, const char *value) {
    char *end;
    errno = 0;
    unsigned long number = strtoul(value, &end, 0);
    if (errno != 0 || *value == '\0' || *end != '\0' || number > 0xffffffffUL) return fault(reader, "no number:", value);
    *target = (unsigned int)number;
    return 1;
}

static int read_system_key(struct reader *reader, const char *name, const char *value) {
    struct system_lines *system = &reader->system;
    if (strcmp(name, "driver_version") == 0)
        return store_text(reader, system->driver_version, sizeof system->driver_version, value);
    if (strcmp(name, "cuda_version") == 0)
        return store_text(reader, system->cuda_version, sizeof system->cuda_version, value);
    if (strcmp(name, "settings") == 0) return store_text(reader, system->settings, sizeof system->settings, value);
    return fault(reader, "unknown key:", name);
}

static int read_device_key(struct reader *reader, const char *name, const char *value) {
    struct device *device = &reader->table->devices[reader->table->count - 1];
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(KEYS[i].name, name) != 0) continue;
        char *target = (char *)device + KEYS[i].offset;
        reader->seen |= 1ULL << i;
        if (KEYS[i].kind == TEXT) return store_text(reader, target, KEYS[i].size, value);
        return store_number(reader, (unsigned int *)(void *)target, value);
    }
    return fault(reader, "unknown key:", name);
}

static int finish_device(struct reader *reader) {
    if (reader->table->count == 0) return 1;
    struct device *device = &reader->table->devices[reader->table->count - 1];
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (!(reader->seen & (1ULL << i))) return fault(reader, "the device before this line lacks", KEYS[i].name);
    if (sscanf(device->pci_bus_id, "%x:%x:%x.", &device->pci_domain, &device->pci_bus, &device->pci_device) != 3)
        return fault(reader, "no PCI address:", device->pci_bus_id);
    device->index = reader->table->count - 1;
    return 1;
}

static int begin_section(struct reader *reader, const char *name) {
    if (!finish_device(reader)) return 0;
    reader->in_system = strcmp(name, "[system]") == 0;
    if (reader->in_system) return 1;
    if (strcmp(name, "[gpu]") != 0) return fault(reader, "unknown section:", name);
    if (reader->table->count == DEVICES_MAX) return fault(reader, "too many devices", "");
    reader->table->count++;
    reader->seen = 0;
    return 1;
}

static int read_line(struct reader *reader, char *line) {
    char *text = trimmed(line);
    if (*text == '\0' || *text == '#') return 1;
    if (*text == '[') return begin_section(reader, text);
    char *equals = strchr(text, '=');
    if (equals == NULL) return fault(reader, "no key=value:", text);
    *equals = '\0';
    const char *name = trimmed(text), *value = trimmed(equals + 1);
    if (reader->in_system) return read_system_key(reader, name, value);
    if (reader->table->count == 0) return fault(reader, "a key before any section:", name);
    return read_device_key(reader, name, value);
}

static int read_lines(struct reader *reader, FILE *file) {
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        reader->line++;
        if (!read_line(reader, line)) return 0;
    }
    return finish_device(reader);
}

/* A container is given devices one by one: a folder `visible` beside the configuration has a file by the UUID of each.
 * Without that folder all are there, as on the host. */
static void keep_visible(struct table *table, const char *path) {
    char name[512];
    const char *slash = strrchr(path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - path + 1);
    snprintf(name, sizeof name, "%.*svisible", folder, path);
    if (access(name, F_OK) != 0) return;
    unsigned int kept = 0;
    for (unsigned int i = 0; i < table->count; i++) {
        snprintf(name, sizeof name, "%.*svisible/%s", folder, path, table->devices[i].uuid);
        if (access(name, F_OK) != 0) continue;
        table->devices[kept] = table->devices[i];
        table->devices[kept].index = kept;
        kept++;
    }
    table->count = kept;
}

nvmlReturn_t table_read(struct table *table) {
    const char *given = getenv("RIGWRIGHT_SIM_GPUS");
    struct reader reader = {.path = given != NULL ? given : DEFAULT_PATH, .table = table};
    memset(table, 0, sizeof *table);
    FILE *file = fopen(reader.path, "re");
    if (file == NULL) {
        fault(&reader, "cannot be read:", strerror(errno));
        return NVML_ERROR_UNKNOWN;
    }
    int good = read_lines(&reader, file);
    fclose(file);
    if (!good) return NVML_ERROR_UNKNOWN;
    keep_visible(table, reader.path);
    strcpy(table->settings_path, reader.system.settings);
    driver_find(reader.system.driver_version, reader.system.cuda_version, table);
    return NVML_SUCCESS;
}
