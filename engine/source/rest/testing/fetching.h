// What tests of fetching have in common: a fetch from a FakeApi without waits or retries.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "io/http/testing/fake_clock.h"
#include "io/testing/memory_store.h"
#include "source/rest/fetch.h"
#include "source/rest/page_files.h"
#include "source/rest/testing/fake_api.h"

namespace millrace::source::rest {

inline JsonQuery Query(const std::string& path) {
  JsonQuery query;
  REQUIRE_FALSE(JsonQuery::Parse(path, &query).has_value());
  return query;
}

inline Result<Snapshot> Fetch(io::Store& store, const RestSource& source, FakeApi& api,
                              const Snapshot* base = nullptr) {
  const auto clock = std::make_shared<io::http::FakeClock>();
  io::http::ClientOptions options;
  options.home = "https://api.example.com";
  options.rules = ClientRules(source);
  options.retry.attempts_max = 1;
  // The test owns the API.
  const std::shared_ptr<io::http::Transport> transport(&api, [](io::http::Transport*) {});
  io::http::Client client(transport, std::make_shared<io::http::RateLimiter>(clock), clock,
                          options);
  FetchContext context;
  context.workspace = &store;
  context.http = &client;
  return FetchSnapshot(source, context, base);
}

/// Every page of a snapshot as the ingest reads it.
inline std::string AllRecords(const std::shared_ptr<io::Store>& store, const RestSource& source,
                              const Snapshot& snapshot) {
  const FileSource files = FilesOfSnapshot(store, source, snapshot, 1 << 20);
  std::string out;
  for (const io::FileInfo& file : files.files) {
    out += file.key + "=" + files.store->ReadSmall(file.key).ValueOrDie();
  }
  return out;
}

}  // namespace millrace::source::rest
