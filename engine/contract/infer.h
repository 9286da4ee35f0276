// Proposes a contract from samples: string when in doubt, because a wrong type loses rows.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contract/contract.h"
#include "io/record_reader.h"

namespace millrace::contract {

/// `samples`: raw batches of several files, text or typed, possibly with different columns.
/// A column gets a narrower type than string only when every non-null sampled value casts to it
/// losslessly and reads back to the same text (so "007" stays a string).
Result<Contract> InferContract(const std::vector<std::shared_ptr<arrow::RecordBatch>>& samples);

/// The contract of inputs that have types: nothing is guessed, and a text stays one. A column that
/// differs between the schemas, or has a type that no contract declares, is a string.
Contract ContractOfTypes(const std::vector<std::shared_ptr<arrow::Schema>>& schemas);

/// One column of that block: `"name": {type: "int64"}`.
std::string ColumnYaml(const Column& column);
/// The block that stands under `contract:` in a config; reads back to an equal contract.
std::string ContractYaml(const Contract& contract);

}  // namespace millrace::contract
