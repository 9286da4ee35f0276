// A `type: rest` source out of its config value: what the tables of fields cannot check is checked
// here.
#pragma once

#include <chrono>
#include <string>

#include "base/config_value.h"
#include "io/http/client.h"
#include "pipeline/config/auth.h"
#include "pipeline/config/problems.h"
#include "source/rest/rest_source.h"

namespace millrace::pipeline {

/// How an API is talked to; none of it shapes what is fetched.
struct RestConduct {
  int64_t page_bytes_max = 64 << 20;
  bool allow_private = false;
  std::string ca_file;  // absolute; empty: the system's
  AuthConfig auth;
  std::chrono::seconds timeout{60};
  io::http::Rate rate;
  io::http::RetryOptions retry;
  std::string home;  // the host that the config's headers and auth are for, as a URL
};

struct RestConfig {
  std::string shown_url;  // fit to be shown
  source::rest::RestSource source;
  RestConduct conduct;
};

RestConfig BuildRest(const std::string& name, const ConfigValue& value, ConfigProblems* problems);

}  // namespace millrace::pipeline
