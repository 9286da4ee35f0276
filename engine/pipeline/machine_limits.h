// What this process may use of the machine when the config does not say.
#pragma once

#include <cstdint>

namespace millrace::pipeline {

/// One thread per CPU that the affinity mask and the cgroup's quota allow; at least 1.
int DefaultThreads();
/// What the machine, or its cgroup, has.
int64_t MachineMemoryBytes();
/// min(2 GiB, 60 % of the cgroup's or the machine's memory).
int64_t DefaultMemoryBytes();

}  // namespace millrace::pipeline
