#include "pipeline/report/reject_samples.h"

#include <doctest/doctest.h>

#include "io/testing/memory_store.h"
#include "stage/reject_writer.h"

namespace millrace::pipeline {
namespace {

struct Rejected {
  io::MemoryStore store;
  stage::Manifest manifest;
};

// 100 rows fail `contract.cast`, one row `csv.field_count`.
void Fill(Rejected& rejected) {
  stage::RejectWriter writer(rejected.store, "stage/rejects/r", nullptr, false, {});
  for (int64_t i = 0; i < 101; ++i) {
    Reject reject;
    reject.rule = i == 60 ? "csv.field_count" : "contract.cast";
    reject.column = i == 60 ? "" : "n";
    reject.value = i == 60 ? "ada@example.org" : "x" + std::to_string(i);
    reject.message = "no";
    reject.raw = std::string(1000, 'r') + "\xff";
    reject.byte_offset = i * 10;
    REQUIRE(writer.Add({"s", "a.csv", i}, reject).ok());
  }
  const auto files = writer.Finish();
  REQUIRE(files.ok());
  for (io::DataFile file : *files) {
    file.path = file.path.substr(std::string("stage/").size());
    rejected.manifest.reject_files.push_back(file);
  }
  rejected.manifest.rejects = writer.Counts();
}

}  // namespace

TEST_CASE("every reason has samples, the most frequent first") {
  Rejected rejected;
  Fill(rejected);
  const auto samples = SampleRejects(rejected.store, "stage", rejected.manifest, {}, 3);
  REQUIRE(samples.ok());
  REQUIRE(samples->size() == 2);
  const ReportReject& first = samples->front();
  CHECK(first.count.rule == "contract.cast");
  CHECK(first.count.rows == 100);
  REQUIRE(first.samples.size() == 3);
  CHECK(first.samples[0].row_id == "s/a.csv#0");
  CHECK(first.samples[2].value == "x2");
  CHECK(first.samples[2].byte_offset == 20);
  CHECK(first.samples[0].raw == std::string(200, 'r') + "…");
  CHECK(samples->back().samples.at(0).row_id == "s/a.csv#60");
}

TEST_CASE("with sensitive columns no raw record and no value without a column is shown") {
  Rejected rejected;
  Fill(rejected);
  const auto samples = SampleRejects(rejected.store, "stage", rejected.manifest, {"email"}, 3);
  REQUIRE(samples.ok());
  for (const ReportReject& reject : *samples) {
    REQUIRE_FALSE(reject.samples.empty());
    for (const RejectSample& sample : reject.samples) {
      CHECK(sample.raw.empty());
      CHECK(sample.value.find('@') == std::string::npos);
    }
  }
  CHECK(samples->front().samples[0].value == "x0");
}

}  // namespace millrace::pipeline
