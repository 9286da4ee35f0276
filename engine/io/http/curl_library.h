// libcurl, loaded when it is first needed. Its thirty libraries cost 7 to 14 ms to load, which a
// run without HTTP must not pay; and libparquet exports an OpenSSL of its own, so that a libcurl
// linked as usual would be bound to functions of both. Loaded with RTLD_DEEPBIND it finds its own
// (docs/adr/0006-libcurl-loaded-on-demand.md).
//
// Thread-safety: LoadCurl may be called from any thread.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/status.h"

namespace millrace::io::http {

struct CurlLibrary {
  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_version_info) version_info = nullptr;
  decltype(&curl_easy_init) easy_init = nullptr;
  decltype(&curl_easy_setopt) easy_setopt = nullptr;
  decltype(&curl_easy_perform) easy_perform = nullptr;
  decltype(&curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&curl_easy_reset) easy_reset = nullptr;
  decltype(&curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&curl_easy_strerror) easy_strerror = nullptr;
  decltype(&curl_slist_append) slist_append = nullptr;
  decltype(&curl_slist_free_all) slist_free_all = nullptr;
};

/// Loads libcurl.so.4 once per process: from lib/millrace of an installation, else the system's.
/// IoFailed when it is not there, is too old or has no TLS.
Result<const CurlLibrary*> LoadCurl();

}  // namespace millrace::io::http
