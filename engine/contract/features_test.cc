// tests/fixtures/features.json is what we say to `datasets`; tests/contract/test_features.py checks
// with `datasets` itself that it is what that library would say, and that it reads it back.
#include "contract/features.h"

#include <arrow/api.h>
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "contract/contract.h"

namespace millrace::contract {
namespace {

TEST_CASE("features of every type are those of the fixture") {
  Contract contract;
  for (const char* type : {"bool",
                           "int8",
                           "int64",
                           "uint64",
                           "float32",
                           "float64",
                           "decimal(10,2)",
                           "decimal(60,5)",
                           "string",
                           "binary",
                           "date",
                           "time",
                           "time[s]",
                           "timestamp[s]",
                           "timestamp[ms]",
                           "timestamp[us, UTC]",
                           "list<int64>",
                           "list<list<string>>",
                           "struct<a: int64, b: list<date>>",
                           "list<struct<role: string, content: string>>",
                           "json"}) {
    Column column;
    column.name = type;
    column.type = ParseType(type, &column.is_json).ValueOrDie();
    contract.columns.push_back(column);
  }
  std::ifstream file(MILLRACE_SOURCE_DIR "/tests/fixtures/features.json");
  std::stringstream text;
  text << file.rdbuf();
  const auto schema = SchemaOf(contract);
  CHECK(FeaturesJson(*schema) + "\n" == text.str());
  CHECK(WithFeatures(schema)->metadata()->Get(kFeaturesKey).ValueOrDie() + "\n" == text.str());
}

}  // namespace
}  // namespace millrace::contract
