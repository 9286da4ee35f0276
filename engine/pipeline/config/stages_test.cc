#include "pipeline/config/stages.h"

#include <doctest/doctest.h>

#include "op/operator_table.h"
#include "pipeline/config/loader.h"

namespace millrace::pipeline {
namespace {

TEST_CASE("every operator's example is an entry of `operators:`") {
  for (const op::OperatorType& type : op::Operators()) {
    CAPTURE(type.name);
    // Without a contract no columns are known, and only the parameters are looked at.
    const auto config = ParseConfig(
        "{version: 1, name: p, sources: {s: {type: csv, path: a.csv}}, stages: [{name: one, "
        "operators: [" +
            type.example + "]}], exports: {x: {type: parquet, path: out}}}",
        "pipeline.yaml", "/", {});
    // A contract that an example names stands in the config around it.
    const bool names_contract =
        !config.ok() && CodeOf(config.status()) == ErrorCode::kUnknownReference;
    CHECK_MESSAGE((config.ok() || names_contract), config.status().ToString());
  }
}

}  // namespace
}  // namespace millrace::pipeline
