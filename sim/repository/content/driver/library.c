/* Stand-in for the driver's libraries: answers as the real ones do where no driver is loaded. It needs no C library. */
#ifdef NVML
enum { NVML_ERROR_DRIVER_NOT_LOADED = 9 };
int nvmlInit(void) { return NVML_ERROR_DRIVER_NOT_LOADED; }
int nvmlInit_v2(void) { return NVML_ERROR_DRIVER_NOT_LOADED; }
int nvmlInitWithFlags(unsigned int flags) { return (void)flags, NVML_ERROR_DRIVER_NOT_LOADED; }
int nvmlShutdown(void) { return 1; }
const char *nvmlErrorString(int code)
{
    return code == NVML_ERROR_DRIVER_NOT_LOADED ? "Driver Not Loaded" : "Uninitialized";
}
#else
enum { CUDA_ERROR_NO_DEVICE = 100 };
int cuInit(unsigned int flags) { return (void)flags, CUDA_ERROR_NO_DEVICE; }
#endif
