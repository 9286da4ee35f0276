#include "io/http/curl_library.h"

#include <dlfcn.h>

#include <string>

namespace millrace::io::http {
namespace {

constexpr unsigned kVersionMin = 0x075500;  // 7.85: protocols by name

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MILLRACE_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MILLRACE_SANITIZED
#endif

int LoadFlags() {
  int flags = RTLD_NOW | RTLD_LOCAL;
#if defined(RTLD_DEEPBIND) && !defined(MILLRACE_SANITIZED)
  // Not under a sanitizer, whose malloc has to come first; such builds link OpenSSL before Arrow.
  flags |= RTLD_DEEPBIND;
#endif
  return flags;
}

template <typename Function>
bool Find(void* library, const char* name, Function* function) {
  *function = reinterpret_cast<Function>(::dlsym(library, name));
  return *function != nullptr;
}

Status Load(CurlLibrary* curl) {
  void* library = ::dlopen("libcurl.so.4", LoadFlags());
  if (library == nullptr) {
    const char* why = ::dlerror();
    return MakeError(ErrorCode::kIoFailed,
                     std::string("libcurl, which speaks HTTP, cannot be loaded: ") +
                         (why == nullptr ? "no reason given" : why),
                     "install it, on Debian with `apt-get install libcurl4`");
  }
  const bool complete = Find(library, "curl_global_init", &curl->global_init) &&
                        Find(library, "curl_version_info", &curl->version_info) &&
                        Find(library, "curl_easy_init", &curl->easy_init) &&
                        Find(library, "curl_easy_setopt", &curl->easy_setopt) &&
                        Find(library, "curl_easy_perform", &curl->easy_perform) &&
                        Find(library, "curl_easy_getinfo", &curl->easy_getinfo) &&
                        Find(library, "curl_easy_reset", &curl->easy_reset) &&
                        Find(library, "curl_easy_cleanup", &curl->easy_cleanup) &&
                        Find(library, "curl_easy_strerror", &curl->easy_strerror) &&
                        Find(library, "curl_slist_append", &curl->slist_append) &&
                        Find(library, "curl_slist_free_all", &curl->slist_free_all);
  if (!complete || curl->global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return MakeError(ErrorCode::kIoFailed, "libcurl cannot be used: it does not start");
  }
  const curl_version_info_data* info = curl->version_info(CURLVERSION_NOW);
  if (info->version_num < kVersionMin || (info->features & CURL_VERSION_SSL) == 0) {
    return MakeError(ErrorCode::kIoFailed,
                     std::string("libcurl ") + info->version + " is too old or has no TLS",
                     "install libcurl 7.85 or newer");
  }
  return Status::OK();
}

}  // namespace

Result<const CurlLibrary*> LoadCurl() {
  static CurlLibrary curl;
  static const Status loaded = Load(&curl);
  ARROW_RETURN_NOT_OK(loaded);
  return &curl;
}

}  // namespace millrace::io::http
