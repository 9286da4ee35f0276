#include "base/process_memory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace millrace {

void ConfigureProcessMemory() {
  ::setenv("ARROW_DEFAULT_MEMORY_POOL", "system", /*overwrite=*/0);
#ifdef __GLIBC__
  // Chunks and batches of most jobs are a megabyte or less: as mappings of their own, each would be
  // zeroed by the kernel and given back many times a second. Larger ones leave holes that nothing
  // else fits: with a threshold of 32 MiB, long texts took a third more memory.
  ::mallopt(M_MMAP_THRESHOLD, 2 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

void ReturnFreeMemory() {
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace millrace
