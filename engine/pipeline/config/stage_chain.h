// From a stage's config to a chain of bound operators: order, kind rules, and the types of columns
// followed from one instance to the next.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "base/config_value.h"
#include "op/chain.h"
#include "op/request.h"
#include "pipeline/config/problems.h"

namespace millrace::pipeline {

struct StageChain {
  std::shared_ptr<const op::Chain> chain;  // null where columns are not known, or with problems
  std::vector<std::string> instance_json;  // canonical, one per instance, in the chain's order
  std::string mixture_tokens = {};         // what counts the tokens of its inputs' rows
  std::string mixture_images = {};         // likewise images
};

/// `stage`: an entry of `stages:`. `input`: the stored columns of the rows that come in; null where
/// only the data can tell them, then all is checked that needs no columns.
StageChain BindStage(const ConfigValue& stage, const std::shared_ptr<arrow::Schema>& input,
                     uint64_t seed, ConfigProblems* problems, const op::Supplies& supplies);

/// What counts the tokens of the rows that a mixture draws, over their columns `input` (null: not
/// known); "" for nothing. Reported when it must count them and cannot.
std::string BindMixtureTokens(const ConfigValue& mixture,
                              const std::shared_ptr<arrow::Schema>& input,
                              ConfigProblems* problems);
/// The same of images.
std::string BindMixtureImages(const ConfigValue& mixture,
                              const std::shared_ptr<arrow::Schema>& input,
                              ConfigProblems* problems);

}  // namespace millrace::pipeline
