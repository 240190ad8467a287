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

enum kind { TEXT, NUMBER, REAL };

struct key {
    const char *name;
    enum kind kind;
    size_t offset, size;
    int model; /* of the physical model: needed only where the device moves */
};

#define TEXT_KEY(field) {#field, TEXT, offsetof(struct device, field), sizeof(((struct device *)0)->field), 0}
#define NUMBER_KEY(field) {#field, NUMBER, offsetof(struct device, field), sizeof(unsigned int), 0}
#define MODEL_KEY(field) {#field, REAL, offsetof(struct device, physics.field), sizeof(double), 1}

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
    NUMBER_KEY(brand),
    NUMBER_KEY(architecture),
    NUMBER_KEY(hbm),
    NUMBER_KEY(mig),
    NUMBER_KEY(margin),
    NUMBER_KEY(moves),
    MODEL_KEY(idle_w),
    MODEL_KEY(base_w),
    MODEL_KEY(core_w),
    MODEL_KEY(memory_w),
    MODEL_KEY(voltage_floor),
    MODEL_KEY(voltage_slope),
    MODEL_KEY(die_j_per_k),
    MODEL_KEY(sink_j_per_k),
    MODEL_KEY(memory_j_per_k),
    MODEL_KEY(die_k_per_w),
    MODEL_KEY(memory_k_per_w),
    MODEL_KEY(still_w_per_k),
    MODEL_KEY(blown_w_per_k),
    MODEL_KEY(fan_s),
    MODEL_KEY(fan_least_percent),
    MODEL_KEY(fan_rpm),
    MODEL_KEY(fan_stop_c),
    MODEL_KEY(fan_start_c),
    MODEL_KEY(fan_from_c),
    MODEL_KEY(fan_from_percent),
    MODEL_KEY(fan_full_c),
    MODEL_KEY(chassis_flow),
    MODEL_KEY(target_c),
    MODEL_KEY(recirculation_k_per_w),
    MODEL_KEY(neighbour_k_per_w),
};
#define KEY_COUNT (sizeof KEYS / sizeof *KEYS)

struct system_lines {
    char driver_version[64], cuda_version[16], state[256];
    double speed, ambient_c;
};

struct reader {
    const char *path;
    unsigned int line;
    struct table *table;
    struct system_lines system;
    char seen[KEY_COUNT]; /* of the present device */
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

static int store_real(const struct reader *reader, double *target, const char *value) {
    char *end;
    errno = 0;
    *target = strtod(value, &end);
    return errno != 0 || *value == '\0' || *end != '\0' ? fault(reader, "no number:", value) : 1;
}

static int read_system_key(struct reader *reader, const char *name, const char *value) {
    struct system_lines *system = &reader->system;
    if (strcmp(name, "driver_version") == 0)
        return store_text(reader, system->driver_version, sizeof system->driver_version, value);
    if (strcmp(name, "cuda_version") == 0)
        return store_text(reader, system->cuda_version, sizeof system->cuda_version, value);
    if (strcmp(name, "state") == 0) return store_text(reader, system->state, sizeof system->state, value);
    if (strcmp(name, "speed") == 0) return store_real(reader, &system->speed, value);
    if (strcmp(name, "ambient_c") == 0) return store_real(reader, &system->ambient_c, value);
    return fault(reader, "unknown key:", name);
}

static int read_device_key(struct reader *reader, const char *name, const char *value) {
    struct device *device = &reader->table->devices[reader->table->count - 1];
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(KEYS[i].name, name) != 0) continue;
        char *target = (char *)device + KEYS[i].offset;
        reader->seen[i] = 1;
        if (KEYS[i].kind == TEXT) return store_text(reader, target, KEYS[i].size, value);
        if (KEYS[i].kind == REAL) return store_real(reader, (double *)(void *)target, value);
        return store_number(reader, (unsigned int *)(void *)target, value);
    }
    return fault(reader, "unknown key:", name);
}

static int finish_device(struct reader *reader) {
    if (reader->table->count == 0) return 1;
    struct device *device = &reader->table->devices[reader->table->count - 1];
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (!reader->seen[i] && (device->moves || !KEYS[i].model)) return fault(reader, "the device before this line lacks", KEYS[i].name);
    if (sscanf(device->pci_bus_id, "%x:%x:%x.", &device->pci_domain, &device->pci_bus, &device->pci_device) != 3)
        return fault(reader, "no PCI address:", device->pci_bus_id);
    device->slot = reader->table->count - 1;
    device->index = (int)device->slot;
    return 1;
}

static int begin_section(struct reader *reader, const char *name) {
    if (!finish_device(reader)) return 0;
    reader->in_system = strcmp(name, "[system]") == 0;
    if (reader->in_system) return 1;
    if (strcmp(name, "[gpu]") != 0) return fault(reader, "unknown section:", name);
    if (reader->table->count == DEVICES_MAX) return fault(reader, "too many devices", "");
    reader->table->count++;
    memset(reader->seen, 0, sizeof reader->seen);
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

/* FNV-1a, carried on from line to line. */
static unsigned long long number_for(unsigned long long before, const char *text) {
    unsigned long long number = before != 0 ? before : 0xcbf29ce484222325ULL;
    for (; *text != '\0'; text++) number = (number ^ (unsigned char)*text) * 0x100000001b3ULL;
    return number;
}

static int read_lines(struct reader *reader, FILE *file) {
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        reader->line++;
        reader->table->configuration = number_for(reader->table->configuration, line);
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
    int kept = 0;
    for (unsigned int i = 0; i < table->count; i++) {
        snprintf(name, sizeof name, "%.*svisible/%s", folder, path, table->devices[i].uuid);
        table->devices[i].index = access(name, F_OK) == 0 ? kept++ : -1;
    }
}

unsigned int table_visible(const struct table *table) {
    unsigned int visible = 0;
    for (unsigned int i = 0; i < table->count; i++) visible += table->devices[i].index >= 0;
    return visible;
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
    if (*reader.system.state != '/') return fault(&reader, "state= has to name a file from the root on:", reader.system.state), NVML_ERROR_UNKNOWN;
    strcpy(table->state_path, reader.system.state);
    table->speed = reader.system.speed;
    table->ambient_c = reader.system.ambient_c;
    driver_find(reader.system.driver_version, reader.system.cuda_version, table);
    return NVML_SUCCESS;
}
