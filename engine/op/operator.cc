#include "op/operator.h"

namespace millrace::op {

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kScore:
      return "score";
    case Kind::kEvaluator:
      return "evaluator";
    case Kind::kFilter:
      return "filter";
    case Kind::kRefiner:
      return "refiner";
    case Kind::kGenerator:
      return "generator";
  }
  return "";
}

Result<std::shared_ptr<arrow::Array>> Filter::Measured(const arrow::RecordBatch& dropped) const {
  (void)dropped;
  return nullptr;
}

}  // namespace millrace::op
