// What the doctor finds about the machine, and about folders on its disks.
//
// Thread-safety: pure but for what they look at.
#pragma once

#include <string>
#include <vector>

#include "millrace/doctor.h"

namespace millrace::pipeline {

/// Versions, libcurl, threads, memory, open files, time zones, the temporary folder.
/// `memory_bytes`: the limit of a config; 0: the default.
std::vector<Finding> MachineFindings(int64_t memory_bytes);

/// Whether a folder can be made or written to, and how much room there is. `bytes_wanted`: less
/// room than this is a warning.
Finding FolderFinding(const std::string& what, const std::string& path, int64_t bytes_wanted);

}  // namespace millrace::pipeline
