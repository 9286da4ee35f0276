#include "pipeline/config/stage_fields.h"

#include "op/chain.h"
#include "op/operator_table.h"

namespace millrace::pipeline {
namespace {

using T = FieldType;

const ObjectSpec& OutputSpec() {
  static const auto* spec = new ObjectSpec{.name = "stage output",
                                           .doc = "How a stage's rows are stored.",
                                           .fields = {{.key = "rows_per_shard",
                                                       .type = T::kInteger,
                                                       .doc = "The most rows of a shard.",
                                                       .fallback = "1048576",
                                                       .min = 1}}};
  return *spec;
}

}  // namespace

const ObjectSpec& StageSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "stage",
      .doc = "Operators over rows, with a result that lasts: what is done is not done again.",
      .fields = {
          {.key = "name",
           .type = T::kName,
           .doc = "The stage's name; no source may have it.",
           .required = true},
          {.key = "input",
           .type = T::kTexts,
           .doc = "The sources or earlier stages whose rows it reads, in this order. If absent the "
                  "stage before it, for the first one all sources.",
           .min = 1,
           .allow_single = true},
          {.key = "operators",
           .type = T::kObjects,
           .doc = "What is done to each row. Every row passes every instance once.",
           .required = true,
           .max = static_cast<int64_t>(op::kInstancesMax),
           .object = &op::OperatorSpec()},
          {.key = "edges",
           .type = T::kTextLists,
           .doc = "Which instance comes before which, as pairs of ids. If absent they follow each "
                  "other as listed; otherwise an instance sees only what those before it wrote.",
           .min = 2,
           .max = 2},
          {.key = "output",
           .type = T::kObject,
           .doc = "How its rows are stored.",
           .object = &OutputSpec()},
      }};
  return *spec;
}

}  // namespace millrace::pipeline
