// The `stages:` of a config: names, inputs, and the columns that leave each of them.
#pragma once

#include <arrow/type.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "op/request.h"
#include "pipeline/config/pipeline_config.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

/// The stored columns of a source's rows; null where only the data can tell.
using ColumnsOfSource = std::function<std::shared_ptr<arrow::Schema>(const SourceConfig&)>;

struct BuiltStages {
  std::vector<StageConfig> stages;
  std::map<std::string, std::shared_ptr<arrow::Schema>> columns;  // by stage; null: see above
};

/// What the operators of the config are handed. It points into the config.
op::Supplies SuppliesOf(const PipelineConfig& config, op::SecretReader secrets = {});

/// Checks all that can be without data. `root`: the whole config.
BuiltStages BuildStages(const ConfigValue& root, const std::vector<SourceConfig>& sources,
                        const ColumnsOfSource& columns_of, uint64_t seed,
                        const op::Supplies& supplies, ConfigProblems* problems);

/// The columns that reach a stage; null when they are not known. Reported when its inputs differ.
/// `columns_of`: of a source or stage, by name.
std::shared_ptr<arrow::Schema> InputColumns(
    const StageConfig& stage,
    const std::function<std::shared_ptr<arrow::Schema>(const std::string& name)>& columns_of,
    ConfigProblems* problems);

}  // namespace millrace::pipeline
