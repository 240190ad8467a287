#include "query.h"

#include <stdio.h>
#include <string.h>

#include "smi.h"

#define MIB (1024ULL * 1024ULL)
#define TEXT_MAX 128

enum what {
    COUNT,
    NAME,
    INDEX,
    UUID,
    BUS_ID,
    PCI_DEVICE_ID,
    PCI_SUB_DEVICE_ID,
    DRIVER,
    VBIOS,
    PERSISTENCE,
    POWER_LIMIT,
    POWER_DEFAULT,
    POWER_MIN,
    POWER_MAX,
    POWER_DRAW,
    TEMPERATURE,
    FAN,
    PSTATE,
    UTILIZATION_GPU,
    UTILIZATION_MEMORY,
    MEMORY_TOTAL,
    MEMORY_RESERVED,
    MEMORY_USED,
    MEMORY_FREE,
    GEN_CURRENT,
    GEN_MAX,
    WIDTH_CURRENT,
    WIDTH_MAX,
    COMPUTE,
    CLOCK_GRAPHICS,
    CLOCK_MEMORY,
    CLOCK_MAX_GRAPHICS,
    CLOCK_MAX_MEMORY,
};

static const struct field {
    const char *name, *unit;
    enum what what;
} FIELDS[] = {
    {"count", "", COUNT},
    {"name", "", NAME},
    {"gpu_name", "", NAME},
    {"index", "", INDEX},
    {"uuid", "", UUID},
    {"gpu_uuid", "", UUID},
    {"pci.bus_id", "", BUS_ID},
    {"gpu_bus_id", "", BUS_ID},
    {"pci.device_id", "", PCI_DEVICE_ID},
    {"pci.sub_device_id", "", PCI_SUB_DEVICE_ID},
    {"driver_version", "", DRIVER},
    {"vbios_version", "", VBIOS},
    {"persistence_mode", "", PERSISTENCE},
    {"power.limit", "W", POWER_LIMIT},
    {"enforced.power.limit", "W", POWER_LIMIT},
    {"power.default_limit", "W", POWER_DEFAULT},
    {"power.min_limit", "W", POWER_MIN},
    {"power.max_limit", "W", POWER_MAX},
    {"power.draw", "W", POWER_DRAW},
    {"temperature.gpu", "", TEMPERATURE},
    {"fan.speed", "%", FAN},
    {"pstate", "", PSTATE},
    {"utilization.gpu", "%", UTILIZATION_GPU},
    {"utilization.memory", "%", UTILIZATION_MEMORY},
    {"memory.total", "MiB", MEMORY_TOTAL},
    {"memory.reserved", "MiB", MEMORY_RESERVED},
    {"memory.used", "MiB", MEMORY_USED},
    {"memory.free", "MiB", MEMORY_FREE},
    {"pcie.link.gen.current", "", GEN_CURRENT},
    {"pcie.link.gen.gpucurrent", "", GEN_CURRENT},
    {"pcie.link.gen.max", "", GEN_MAX},
    {"pcie.link.width.current", "", WIDTH_CURRENT},
    {"pcie.link.width.max", "", WIDTH_MAX},
    {"compute_cap", "", COMPUTE},
    {"clocks.gr", "MHz", CLOCK_GRAPHICS},
    {"clocks.current.graphics", "MHz", CLOCK_GRAPHICS},
    {"clocks.mem", "MHz", CLOCK_MEMORY},
    {"clocks.current.memory", "MHz", CLOCK_MEMORY},
    {"clocks.max.gr", "MHz", CLOCK_MAX_GRAPHICS},
    {"clocks.max.graphics", "MHz", CLOCK_MAX_GRAPHICS},
    {"clocks.max.mem", "MHz", CLOCK_MAX_MEMORY},
    {"clocks.max.memory", "MHz", CLOCK_MAX_MEMORY},
};
#define FIELD_COUNT (sizeof FIELDS / sizeof *FIELDS)

static const struct field *field_named(const char *name) {
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (strcmp(FIELDS[i].name, name) == 0) return &FIELDS[i];
    return NULL;
}

static nvmlReturn_t identity(enum what what, nvmlDevice_t device, char *text) {
    nvmlPciInfo_t pci;
    nvmlReturn_t result = nvml.DeviceGetPciInfo_v3(device, &pci);
    switch (what) {
        case NAME: return nvml.DeviceGetName(device, text, TEXT_MAX);
        case UUID: return nvml.DeviceGetUUID(device, text, TEXT_MAX);
        case DRIVER: return nvml.SystemGetDriverVersion(text, TEXT_MAX);
        case VBIOS: return nvml.DeviceGetVbiosVersion(device, text, TEXT_MAX);
        case BUS_ID: snprintf(text, TEXT_MAX, "%s", pci.busId); return result;
        case PCI_DEVICE_ID: snprintf(text, TEXT_MAX, "0x%08X", pci.pciDeviceId); return result;
        default: snprintf(text, TEXT_MAX, "0x%08X", pci.pciSubSystemId); return result;
    }
}

static nvmlReturn_t watts(enum what what, nvmlDevice_t device, char *text) {
    unsigned int value = 0, least = 0, most = 0;
    nvmlReturn_t result = nvml.DeviceGetPowerManagementLimitConstraints(device, &least, &most);
    switch (what) {
        case POWER_LIMIT: result = nvml.DeviceGetPowerManagementLimit(device, &value); break;
        case POWER_DEFAULT: result = nvml.DeviceGetPowerManagementDefaultLimit(device, &value); break;
        case POWER_DRAW: result = nvml.DeviceGetPowerUsage(device, &value); break;
        default: value = what == POWER_MIN ? least : most;
    }
    snprintf(text, TEXT_MAX, "%.2f", value / 1000.0);
    return result;
}

static nvmlReturn_t memory(enum what what, nvmlDevice_t device, char *text) {
    nvmlMemory_v2_t memory = {.version = NVML_STRUCT_VERSION(nvmlMemory_v2_t, 2)};
    nvmlReturn_t result = nvml.DeviceGetMemoryInfo_v2(device, &memory);
    unsigned long long bytes = what == MEMORY_TOTAL      ? memory.total
                               : what == MEMORY_RESERVED ? memory.reserved
                               : what == MEMORY_USED     ? memory.used
                                                         : memory.free;
    snprintf(text, TEXT_MAX, "%llu", bytes / MIB);
    return result;
}

static nvmlReturn_t compute(nvmlDevice_t device, char *text) {
    int major = 0, minor = 0;
    nvmlReturn_t result = nvml.DeviceGetCudaComputeCapability(device, &major, &minor);
    snprintf(text, TEXT_MAX, "%d.%d", major, minor);
    return result;
}

static nvmlReturn_t figure(enum what what, nvmlDevice_t device, unsigned int *value) {
    nvmlUtilization_t utilization = {0, 0};
    nvmlReturn_t result = NVML_SUCCESS;
    switch (what) {
        case COUNT: return nvml.DeviceGetCount_v2(value);
        case INDEX: return nvml.DeviceGetIndex(device, value);
        case PERSISTENCE: return nvml.DeviceGetPersistenceMode(device, value);
        case TEMPERATURE: return nvml.DeviceGetTemperature(device, NVML_TEMPERATURE_GPU, value);
        case FAN: return nvml.DeviceGetFanSpeed(device, value);
        case PSTATE: return nvml.DeviceGetPerformanceState(device, value);
        case GEN_CURRENT: return nvml.DeviceGetCurrPcieLinkGeneration(device, value);
        case GEN_MAX: return nvml.DeviceGetMaxPcieLinkGeneration(device, value);
        case WIDTH_CURRENT: return nvml.DeviceGetCurrPcieLinkWidth(device, value);
        case WIDTH_MAX: return nvml.DeviceGetMaxPcieLinkWidth(device, value);
        case CLOCK_GRAPHICS: return nvml.DeviceGetClockInfo(device, NVML_CLOCK_GRAPHICS, value);
        case CLOCK_MEMORY: return nvml.DeviceGetClockInfo(device, NVML_CLOCK_MEM, value);
        case CLOCK_MAX_GRAPHICS: return nvml.DeviceGetMaxClockInfo(device, NVML_CLOCK_GRAPHICS, value);
        case CLOCK_MAX_MEMORY: return nvml.DeviceGetMaxClockInfo(device, NVML_CLOCK_MEM, value);
        default: break;
    }
    result = nvml.DeviceGetUtilizationRates(device, &utilization);
    *value = what == UTILIZATION_GPU ? utilization.gpu : utilization.memory;
    return result;
}

static nvmlReturn_t value_text(enum what what, nvmlDevice_t device, char *text) {
    if (what == NAME || (what >= UUID && what <= VBIOS)) return identity(what, device, text);
    if (what >= POWER_LIMIT && what <= POWER_DRAW) return watts(what, device, text);
    if (what >= MEMORY_TOTAL && what <= MEMORY_FREE) return memory(what, device, text);
    if (what == COMPUTE) return compute(device, text);
    unsigned int value = 0;
    nvmlReturn_t result = figure(what, device, &value);
    if (what == PERSISTENCE)
        snprintf(text, TEXT_MAX, "%s", value ? "Enabled" : "Disabled");
    else
        snprintf(text, TEXT_MAX, what == PSTATE ? "P%u" : "%u", value);
    return result;
}

const char *query_value(const char *name, nvmlDevice_t device, int units) {
    static char texts[8][TEXT_MAX + 8];
    static unsigned int next;
    const struct field *field = field_named(name);
    if (field == NULL) return NULL;
    char *text = texts[next++ % 8];
    if (value_text(field->what, device, text) != NVML_SUCCESS) return strcpy(text, "[N/A]");
    if (units && *field->unit) strcat(strcat(text, " "), field->unit);
    return text;
}

struct format {
    int header, units;
};

static int read_format(const char *text, struct format *format) {
    char words[64];
    int csv = 0;
    *format = (struct format){1, 1};
    if (text == NULL || strlen(text) >= sizeof words) return 0;
    strcpy(words, text);
    for (char *rest = words, *word; (word = strtok_r(rest, ",", &rest)) != NULL;) {
        if (strcmp(word, "csv") == 0)
            csv = 1;
        else if (strcmp(word, "noheader") == 0)
            format->header = 0;
        else if (strcmp(word, "nounits") == 0)
            format->units = 0;
        else
            return 0;
    }
    return csv;
}

static int wrong_format(void) {
    printf("\"--format=\" switch must be specified as csv[,noheader][,nounits]. Please run 'nvidia-smi -h' for help.\n");
    return 2;
}

/* Splits `fields` at commas into `names`; gives their number. */
static size_t split(char *fields, const char **names, size_t most) {
    size_t count = 0;
    for (char *rest = fields, *word; count < most && (word = strtok_r(rest, ", ", &rest)) != NULL;) names[count++] = word;
    return count;
}

static void print_header(const char **names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct field *field = field_named(names[i]);
        const char *unit = field != NULL ? field->unit : "";
        printf("%s%s%s%s%s", i ? ", " : "", names[i], *unit ? " [" : "", unit, *unit ? "]" : "");
    }
    printf("\n");
}

int query(const char *fields, const char *wanted, const nvmlDevice_t *devices, int count) {
    struct format format;
    char words[1024];
    const char *names[64];
    if (!read_format(wanted, &format)) return wrong_format();
    if (strlen(fields) >= sizeof words) return printf("Too many fields.\n"), 2;
    size_t number = split(strcpy(words, fields), names, sizeof names / sizeof *names);
    for (size_t i = 0; i < number; i++)
        if (field_named(names[i]) == NULL) return printf("Field \"%s\" is not a valid field to query.\n\n", names[i]), 2;
    if (format.header) print_header(names, number);
    for (int device = 0; device < count; device++)
        for (size_t i = 0; i < number; i++)
            printf("%s%s", query_value(names[i], devices[device], format.units), i + 1 < number ? ", " : "\n");
    return 0;
}

int query_nothing(const char *fields, const char *wanted) {
    struct format format;
    char words[1024];
    const char *names[64];
    if (!read_format(wanted, &format)) return wrong_format();
    if (strlen(fields) >= sizeof words) return printf("Too many fields.\n"), 2;
    size_t number = split(strcpy(words, fields), names, sizeof names / sizeof *names);
    if (format.header) print_header(names, number);
    return 0;
}

int query_fields(void) {
    printf("Fields of --query-gpu that the simulation knows:\n\n");
    for (size_t i = 0; i < FIELD_COUNT; i++) printf("\"%s\"\n", FIELDS[i].name);
    return 0;
}
