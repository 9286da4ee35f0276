// Whether this machine, and what a config names, is fit for a run.
//
// Thread-safety: may be called from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"

namespace millrace {

enum class Health { kOk, kWarn, kFail };
/// "ok", "warn", "fail".
std::string HealthName(Health health);

struct Finding {
  Health health = Health::kOk;
  std::string area;     // "machine", "config", "place", "source", "endpoint", "secret"
  std::string what;     // "memory", "workspace", "source `s`"
  std::string message;  // a phrase; holds no secret
  std::string remedy;   // what to do; "" where all is well
};

struct DoctorOptions {
  std::string config;  // "": the machine alone
  std::map<std::string, std::string> params;
  int64_t seconds_max = 5;  // that an endpoint has to answer
  bool write = false;       // try whether object stores let a run write
};

struct DoctorReport {
  std::vector<Finding> findings;
  /// No finding is kFail.
  bool healthy() const;
  std::string ToJson() const;
};

/// Looks at versions, libraries, limits, memory and the temporary folder; with a config also at its
/// workspace, targets, files, stores, APIs, Vault and whether its secrets have values. Writes
/// nothing, but with `write` a small object into each store that a run would write to, which it
/// removes again; sends no more than a question to each endpoint and no secret but to where a run
/// would send it. What is wrong is a finding, never an error.
DoctorReport ExamineMachine(const DoctorOptions& options = {});

}  // namespace millrace
