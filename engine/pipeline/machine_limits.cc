#include "pipeline/machine_limits.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace millrace::pipeline {
namespace {

// The first word of a cgroup file as a number, -1 where there is none ("max" means no limit).
int64_t FirstNumber(const char* path) {
  std::ifstream file(path);
  int64_t number = 0;
  return file >> number ? number : -1;
}

int QuotaCpus() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  int64_t quota = 0, period = 0;
  if (file >> quota >> period && quota > 0 && period > 0) {
    return static_cast<int>(std::max<int64_t>(1, (quota + period - 1) / period));
  }
  const int64_t quota_v1 = FirstNumber("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  const int64_t period_v1 = FirstNumber("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (quota_v1 <= 0 || period_v1 <= 0) return 1 << 20;
  return static_cast<int>(std::max<int64_t>(1, (quota_v1 + period_v1 - 1) / period_v1));
}

}  // namespace

int DefaultThreads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int allowed = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  return std::max(1, std::min(allowed, QuotaCpus()));
}

int64_t MachineMemoryBytes() {
  int64_t memory = int64_t{sysconf(_SC_PHYS_PAGES)} * sysconf(_SC_PAGESIZE);
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    const int64_t limit = FirstNumber(path);
    if (limit > 0) memory = std::min(memory, limit);
  }
  return memory;
}

int64_t DefaultMemoryBytes() { return std::min(int64_t{2} << 30, MachineMemoryBytes() / 10 * 6); }

}  // namespace millrace::pipeline
