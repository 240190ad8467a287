/* A stand-in for nvidia-smi on top of the simulated NVML library: what programs ask of it, and no more.
 *
 * It opens the library as the real one does, by its name at run time, so that a host without a driver gets the real
 * one's message and exit status. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "query.h"
#include "smi.h"

struct nvml nvml;

static const char USAGE[] =
    "nvidia-smi of Rigwright's simulation: the devices that it shows do not exist.\n"
    "\n"
    "    nvidia-smi                        a line a device\n"
    "    nvidia-smi -L                     the devices and their UUIDs\n"
    "    nvidia-smi --query-gpu=FIELDS --format=csv[,noheader][,nounits] [-i DEVICE]\n"
    "    nvidia-smi --query-compute-apps=FIELDS --format=csv[,noheader][,nounits]   none ever runs\n"
    "    nvidia-smi --help-query-gpu       the FIELDS\n"
    "    nvidia-smi -pm 0|1 [-i DEVICE]    persistence mode\n"
    "    nvidia-smi -pl WATTS [-i DEVICE]  power limit\n"
    "    nvidia-smi --version\n"
    "\n"
    "DEVICE is an index, a UUID or a PCI address.\n";

struct options {
    const char *query, *compute_query, *format, *device, *persistence, *power;
    int list, version;
};

static int wrong(const char *what, const char *word) {
    printf("%s%s%s\nPlease run 'nvidia-smi -h' for help.\n", what, *word ? ": " : "", word);
    return 2;
}

/* The value of `--name=value` or `-n value`; moves `at` on in the second form. NULL: another option. */
static const char *value_of(int count, char **words, int *at, const char *name, const char *letter) {
    const char *word = words[*at];
    size_t length = strlen(name);
    if (strncmp(word, name, length) == 0 && word[length] == '=') return word + length + 1;
    if ((strcmp(word, name) == 0 || (letter != NULL && strcmp(word, letter) == 0)) && *at + 1 < count)
        return words[++*at];
    return NULL;
}

static int read_options(int count, char **words, struct options *options) {
    const struct {
        const char *name, *letter, **target;
    } valued[] = {
        {"--query-gpu", NULL, &options->query},
        {"--query-compute-apps", NULL, &options->compute_query},
        {"--format", NULL, &options->format},
        {"--id", "-i", &options->device},
        {"--persistence-mode", "-pm", &options->persistence},
        {"--power-limit", "-pl", &options->power},
    };
    for (int at = 1; at < count; at++) {
        int known = 0;
        const char *word = words[at];
        if (strcmp(word, "-L") == 0 || strcmp(word, "--list-gpus") == 0) known = options->list = 1;
        if (strcmp(word, "--version") == 0) known = options->version = 1;
        for (size_t i = 0; !known && i < sizeof valued / sizeof *valued; i++) {
            const char *value = value_of(count, words, &at, valued[i].name, valued[i].letter);
            if (value != NULL) *valued[i].target = value, known = 1;
        }
        if (!known) return wrong("Invalid combination of input arguments or unknown option", word);
    }
    return 0;
}

static int load(void) {
    void *library = dlopen("libnvidia-ml.so.1", RTLD_NOW);
    if (library == NULL) {
        printf("NVIDIA-SMI couldn't find libnvidia-ml.so library in your system. Please make sure that the NVIDIA Display "
               "Driver is properly installed and present in your system.\n");
        return NVML_ERROR_LIBRARY_NOT_FOUND;
    }
/* POSIX wants this conversion of dlsym's answer; ISO C has none. */
#define LOAD(name)                                            \
    *(void **)(&nvml.name) = dlsym(library, "nvml" #name);    \
    if (nvml.name == NULL) {                                  \
        printf("libnvidia-ml.so.1 lacks nvml" #name "\n");    \
        return NVML_ERROR_UNKNOWN;                            \
    }
    NVML_FUNCTIONS(LOAD)
#undef LOAD
    return 0;
}

static int start(void) {
    int status = load();
    if (status != 0) return status;
    nvmlReturn_t result = nvml.Init_v2();
    if (result == NVML_ERROR_DRIVER_NOT_LOADED) {
        printf("NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest "
               "NVIDIA driver is installed and running.\n\n");
    } else if (result != NVML_SUCCESS) {
        printf("Failed to initialize NVML: %s\n", nvml.ErrorString(result));
    }
    return result == NVML_ERROR_UNKNOWN ? 255 : result;
}

/* Fills `chosen` with the devices that `-i` names (all without it); gives their number, or -1. */
static int choose(const char *name, nvmlDevice_t *chosen) {
    unsigned int count = 0;
    nvml.DeviceGetCount_v2(&count);
    if (name == NULL) {
        for (unsigned int i = 0; i < count; i++) nvml.DeviceGetHandleByIndex_v2(i, &chosen[i]);
        return (int)count;
    }
    char *end;
    unsigned long index = strtoul(name, &end, 10);
    nvmlReturn_t result = *name != '\0' && *end == '\0' ? nvml.DeviceGetHandleByIndex_v2((unsigned int)index, chosen)
                                                        : nvml.DeviceGetHandleByUUID(name, chosen);
    if (result != NVML_SUCCESS) result = nvml.DeviceGetHandleByPciBusId_v2(name, chosen);
    if (result == NVML_SUCCESS) return 1;
    printf("No devices were found\n");
    return -1;
}

static int list(const nvmlDevice_t *devices, int count) {
    for (int i = 0; i < count; i++)
        printf("GPU %s: %s (UUID: %s)\n", query_value("index", devices[i], 0), query_value("name", devices[i], 0),
               query_value("uuid", devices[i], 0));
    return 0;
}

static int overview(const nvmlDevice_t *devices, int count) {
    char cuda[16];
    int version = 0;
    nvml.SystemGetCudaDriverVersion_v2(&version);
    snprintf(cuda, sizeof cuda, "%d.%d", version / 1000, version % 1000 / 10);
    printf("SIMULATED NVIDIA-SMI, driver version %s, CUDA version %s\n",
           count > 0 ? query_value("driver_version", devices[0], 0) : "-", cuda);
    static const char *const SHOWN[] = {"index",      "name",        "pci.bus_id",  "temperature.gpu", "fan.speed",
                                        "power.draw", "power.limit", "memory.used", "memory.total",    "persistence_mode"};
    for (int i = 0; i < count; i++)
        for (size_t field = 0; field < sizeof SHOWN / sizeof *SHOWN; field++)
            printf("%s%s", query_value(SHOWN[field], devices[i], 1), field + 1 < sizeof SHOWN / sizeof *SHOWN ? "  " : "\n");
    return 0;
}

static int version(void) {
    char driver[80] = "", library[80] = "";
    int cuda = 0;
    nvml.SystemGetDriverVersion(driver, sizeof driver);
    nvml.SystemGetNVMLVersion(library, sizeof library);
    nvml.SystemGetCudaDriverVersion_v2(&cuda);
    printf("NVIDIA-SMI version  : %s (simulated)\n", driver);
    printf("NVML version        : %s\n", strchr(library, '.') ? strchr(library, '.') + 1 : library);
    printf("DRIVER version      : %s\n", driver);
    printf("CUDA Version        : %d.%d\n", cuda / 1000, cuda % 1000 / 10);
    return 0;
}

static int refused(const char *what, nvmlDevice_t device, nvmlReturn_t result) {
    printf("Unable to set %s for GPU %s: %s\nTerminating early due to previous error.\n", what,
           query_value("pci.bus_id", device, 0), nvml.ErrorString(result));
    return result;
}

static int set_persistence(const char *value, const nvmlDevice_t *devices, int count) {
    if (strcmp(value, "0") != 0 && strcmp(value, "1") != 0) return wrong("Invalid persistence mode", value);
    unsigned int wanted = (unsigned int)(value[0] - '0');
    for (int i = 0; i < count; i++) {
        unsigned int present = 0;
        nvml.DeviceGetPersistenceMode(devices[i], &present);
        const char *name = query_value("pci.bus_id", devices[i], 0);
        if (present == wanted) {
            printf("Persistence mode is already %s for GPU %s.\n", wanted ? "Enabled" : "Disabled", name);
            continue;
        }
        nvmlReturn_t result = nvml.DeviceSetPersistenceMode(devices[i], wanted);
        if (result != NVML_SUCCESS) return refused("persistence mode", devices[i], result);
        printf("%s persistence mode for GPU %s.\n", wanted ? "Enabled" : "Disabled", name);
    }
    printf("All done.\n");
    return 0;
}

static int set_power(const char *value, const nvmlDevice_t *devices, int count) {
    char *end;
    double watts = strtod(value, &end);
    if (*value == '\0' || *end != '\0' || watts <= 0 || watts > 100000) return wrong("Invalid power limit", value);
    for (int i = 0; i < count; i++) {
        unsigned int before = 0, least = 0, most = 0;
        nvml.DeviceGetPowerManagementLimit(devices[i], &before);
        nvml.DeviceGetPowerManagementLimitConstraints(devices[i], &least, &most);
        const char *name = query_value("pci.bus_id", devices[i], 0);
        nvmlReturn_t result = nvml.DeviceSetPowerManagementLimit(devices[i], (unsigned int)(watts * 1000 + 0.5));
        if (result == NVML_ERROR_INVALID_ARGUMENT) {
            printf("Provided power limit %.2f W is not a valid power limit which should be between %.2f W and %.2f W for "
                   "GPU %s\nTerminating early due to previous error.\n",
                   watts, least / 1000.0, most / 1000.0, name);
            return result;
        }
        if (result != NVML_SUCCESS) return refused("power limit", devices[i], result);
        printf("Power limit for GPU %s was set to %.2f W from %.2f W.\n", name, watts, before / 1000.0);
    }
    printf("All done.\n");
    return 0;
}

static int act(const struct options *options) {
    nvmlDevice_t devices[16];
    int count = choose(options->device, devices);
    if (count < 0) return NVML_ERROR_NOT_FOUND;
    if (options->version) return version();
    if (options->list) return list(devices, count);
    if (options->persistence != NULL) return set_persistence(options->persistence, devices, count);
    if (options->power != NULL) return set_power(options->power, devices, count);
    if (options->compute_query != NULL) return query_nothing(options->compute_query, options->format);
    if (options->query != NULL) return query(options->query, options->format, devices, count);
    return overview(devices, count);
}

int main(int count, char **words) {
    struct options options = {0};
    if (count == 2 && (strcmp(words[1], "-h") == 0 || strcmp(words[1], "--help") == 0)) return fputs(USAGE, stdout) < 0;
    if (count == 2 && strcmp(words[1], "--help-query-gpu") == 0) return query_fields();
    int status = read_options(count, words, &options);
    if (status == 0) status = start();
    if (status != 0) return status;
    status = act(&options);
    nvml.Shutdown();
    return status;
}
