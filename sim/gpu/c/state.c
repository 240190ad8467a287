#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x5247535441544532ULL /* of this layout: another layout gets another number */
#define STEP_S 0.05
#define CATCH_UP_S 600.0 /* heat is settled after so long: what lies further back is not worked through */
#define PAUSE_NS 20000000L

struct shared {
    unsigned long long magic, configuration;
    pthread_mutex_t lock;
    unsigned int drivers; /* how often the driver was loaded anew */
    double now_s, owed_s, moved_at_s, ambient_c;
    struct card cards[DEVICES_MAX];
};

static struct shared *shared;
static const struct table *table; /* whose state it is */
static unsigned int driver_joined;

static double monotonic_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int moves_by_itself(void) { return table->speed > 0; }

/* Who held the lock may have died in the midst of a step: what it left is a state like any other. */
static void lock(void) {
    if (pthread_mutex_lock(&shared->lock) == EOWNERDEAD) pthread_mutex_consistent(&shared->lock);
}

/* The air in front of a card: the room's, warmed by what it blows out itself and by the cards beside it. */
double state_air_c(unsigned int slot) {
    const struct physics *physics = &table->devices[slot].physics;
    double warmer = physics->recirculation_k_per_w * shared->cards[slot].body.power_w;
    for (unsigned int other = 0; other < table->count; other++) {
        unsigned int apart = other > slot ? other - slot : slot - other;
        double share = apart == 1 ? 1.0 : apart == 2 ? 1.0 / 3 : 0;
        warmer += share * physics->neighbour_k_per_w * shared->cards[other].body.power_w;
    }
    return shared->ambient_c + warmer;
}

static struct bounds bounds_of(unsigned int slot) {
    const struct device *device = &table->devices[slot];
    struct card *card = &shared->cards[slot];
    struct bounds bounds = {
        .limit_w = card->settings.power_limit_mw / 1000.0,
        .clock_idle_mhz = device->clock_graphics_mhz,
        .clock_max_mhz = device->clock_graphics_max_mhz,
        .lock_least_mhz = card->settings.graphics_least_mhz,
        .lock_most_mhz = card->settings.graphics_most_mhz,
        .slowdown_c = device->temperature_slowdown_c,
        .shutdown_c = device->temperature_shutdown_c,
        .fans = (int)(device->fans < FANS_MAX ? device->fans : FANS_MAX),
        .air_c = state_air_c(slot),
    };
    const struct fault *stuck = &card->faults.of[FAULT_FAN_STUCK], *stalls = &card->faults.of[FAULT_MINIMUM_IGNORED];
    for (int fan = 0; fan < bounds.fans; fan++) {
        int wanted = card->settings.fan_percent[fan];
        bounds.fan_wanted_percent[fan] = wanted;
        bounds.fan_stuck[fan] = (stuck->active && (stuck->value < 0 || (int)stuck->value == fan)) ||
                                (stalls->active && wanted >= 0 && wanted < stalls->value);
    }
    return bounds;
}

static void step(double s) {
    struct bounds bounds[DEVICES_MAX];
    for (unsigned int slot = 0; slot < table->count; slot++) bounds[slot] = bounds_of(slot);
    for (unsigned int slot = 0; slot < table->count; slot++) {
        struct card *card = &shared->cards[slot];
        if (!table->devices[slot].moves) continue;
        physics_step(&table->devices[slot].physics, &bounds[slot], load_step(&card->load, s), s, &card->body);
        if (card->body.shut_down) card->lost = 1;
    }
    shared->now_s += s;
}

static void move_on(double seconds) {
    shared->owed_s += seconds;
    if (shared->owed_s > CATCH_UP_S && moves_by_itself()) {
        shared->now_s += shared->owed_s - CATCH_UP_S;
        shared->owed_s = CATCH_UP_S;
    }
    for (; shared->owed_s >= STEP_S; shared->owed_s -= STEP_S) step(STEP_S);
}

static void move_to_now(void) {
    if (!moves_by_itself()) return;
    double now = monotonic_s();
    move_on((now - shared->moved_at_s) * table->speed);
    shared->moved_at_s = now;
}

static void begin_card(unsigned int slot) {
    const struct device *device = &table->devices[slot];
    struct card *card = &shared->cards[slot];
    *card = (struct card){
        .settings = {.persistence_mode = device->persistence_mode, .power_limit_mw = device->power_default_w * 1000},
        .load = load_begun(LOAD_IDLE, slot),
        .faults = {.stuck_c = -1},
    };
    for (int fan = 0; fan < FANS_MAX; fan++) card->settings.fan_percent[fan] = -1;
    struct bounds bounds = bounds_of(slot);
    card->body = physics_at_rest(&device->physics, &bounds);
}

static void begin(void) {
    memset(shared, 0, sizeof *shared);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&shared->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    shared->ambient_c = table->ambient_c;
    shared->moved_at_s = monotonic_s();
    for (unsigned int slot = 0; slot < table->count; slot++) begin_card(slot);
    shared->configuration = table->configuration;
    shared->magic = MAGIC;
}

static nvmlReturn_t fails(const char *what) {
    int why = errno;
    fprintf(stderr, "rigwright-sim: %s: the state of the simulated cards cannot be %s: %s\n", table->state_path, what,
            strerror(why));
    return why == EACCES || why == EPERM || why == EROFS ? NVML_ERROR_NO_PERMISSION : NVML_ERROR_OPERATING_SYSTEM;
}

static void make_folders(void) {
    char path[sizeof table->state_path];
    snprintf(path, sizeof path, "%s", table->state_path);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
}

static nvmlReturn_t map(int file) {
    void *place = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (place == MAP_FAILED) return fails("mapped");
    shared = place;
    return NVML_SUCCESS;
}

/* Another configuration's state is left to those who still have it open, and made anew under the same name. */
static nvmlReturn_t attach(int folder_lock) {
    struct stat found;
    flock(folder_lock, LOCK_EX);
    int file = open(table->state_path, O_RDWR | O_CLOEXEC);
    if (file >= 0 && fstat(file, &found) == 0 && found.st_size == (off_t)sizeof *shared) {
        nvmlReturn_t result = map(file);
        close(file);
        if (result != NVML_SUCCESS) return result;
        if (shared->magic == MAGIC && shared->configuration == table->configuration) return NVML_SUCCESS;
        munmap(shared, sizeof *shared);
        shared = NULL;
    } else if (file >= 0) {
        close(file);
    } else if (errno != ENOENT) {
        return fails("opened");
    }
    unlink(table->state_path);
    file = open(table->state_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) return fails("made");
    fchmod(file, 0666); /* whatever the umask: everybody's looking moves the cards on */
    nvmlReturn_t result = ftruncate(file, (off_t)sizeof *shared) == 0 ? map(file) : fails("made");
    close(file);
    if (result == NVML_SUCCESS) begin();
    return result;
}

nvmlReturn_t state_attach(const struct table *whose) {
    if (shared != NULL) munmap(shared, sizeof *shared);
    shared = NULL;
    table = whose;
    make_folders();
    char folder[sizeof table->state_path];
    snprintf(folder, sizeof folder, "%s", table->state_path);
    *strrchr(folder, '/') = '\0';
    int folder_lock = open(*folder != '\0' ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder_lock < 0) return fails("found");
    nvmlReturn_t result = attach(folder_lock);
    close(folder_lock);
    return result;
}

void state_join_driver(void) {
    lock();
    driver_joined = shared->drivers;
    pthread_mutex_unlock(&shared->lock);
}

int state_driver_changed(void) { return driver_joined != shared->drivers; }

void state_change_driver(void) { shared->drivers++; }

/* The fault's answer to this call; NVML_SUCCESS: none. Only faults that are about any call at all. */
static nvmlReturn_t struck(struct card *card, const char *function) {
    if (state_driver_changed()) return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    if (card->lost || fault_strikes(&card->faults, FAULT_LOST, function)) return NVML_ERROR_GPU_IS_LOST;
    if (fault_strikes(&card->faults, FAULT_RESET_REQUIRED, function)) return NVML_ERROR_RESET_REQUIRED;
    if (fault_strikes(&card->faults, FAULT_CALL_FAILS, function)) {
        double error = card->faults.of[FAULT_CALL_FAILS].value;
        return error > 0 ? (nvmlReturn_t)error : NVML_ERROR_UNKNOWN;
    }
    return NVML_SUCCESS;
}

static void wait_while_it_hangs(struct card *card, const char *function) {
    while (fault_strikes(&card->faults, FAULT_HANG, function)) {
        pthread_mutex_unlock(&shared->lock);
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
        lock();
    }
}

struct card *state_enter(const struct device *device, const char *function, nvmlReturn_t *result) {
    lock();
    struct card *card = &shared->cards[device->slot];
    wait_while_it_hangs(card, function);
    move_to_now();
    *result = struck(card, function);
    if (*result == NVML_SUCCESS) return card;
    pthread_mutex_unlock(&shared->lock);
    return NULL;
}

struct card *state_cards(nvmlReturn_t *result) {
    if (shared == NULL) {
        *result = NVML_ERROR_UNINITIALIZED;
        return NULL;
    }
    lock();
    move_to_now();
    *result = NVML_SUCCESS;
    return shared->cards;
}

void state_leave(void) { pthread_mutex_unlock(&shared->lock); }

double state_now_s(void) {
    nvmlReturn_t result;
    if (state_cards(&result) == NULL) return 0;
    double now = shared->now_s + shared->owed_s;
    state_leave();
    return now;
}

nvmlReturn_t state_advance(double seconds) {
    nvmlReturn_t result;
    if (seconds < 0 || state_cards(&result) == NULL) return seconds < 0 ? NVML_ERROR_INVALID_ARGUMENT : result;
    if (moves_by_itself())
        result = NVML_ERROR_NOT_SUPPORTED;
    else
        move_on(seconds);
    state_leave();
    return result;
}

nvmlReturn_t state_set_ambient(double celsius) {
    nvmlReturn_t result;
    if (state_cards(&result) == NULL) return result;
    shared->ambient_c = celsius;
    state_leave();
    return result;
}
