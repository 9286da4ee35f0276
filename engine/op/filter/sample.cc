// sample: a share of the rows, drawn by the hash of their ids.
#include <arrow/builder.h>
#include <fmt/format.h>
#include <xxhash.h>

#include "base/reserved_columns.h"
#include "op/operator_list.h"

namespace millrace::op {
namespace {

class SampleFilter : public Filter {
 public:
  SampleFilter(double fraction, uint64_t seed)
      : Filter({std::string(kRowIdColumn)},
               {{"sample.not_drawn", "", fmt::format("{}", fraction), "the row was not drawn"}}),
        fraction_(fraction),
        seed_(seed) {}

  Result<Verdict> Judge(const arrow::RecordBatch& rows, RowFailures*) const override {
    const auto column = rows.GetColumnByName(std::string(kRowIdColumn));
    const auto& ids = static_cast<const arrow::StringArray&>(*column);
    arrow::BooleanBuilder keep;
    ARROW_RETURN_NOT_OK(keep.Reserve(ids.length()));
    for (int64_t row = 0; row < ids.length(); ++row) {
      const std::string_view id = ids.GetView(row);
      const uint64_t hash = XXH3_64bits_withSeed(id.data(), id.size(), seed_);
      // The upper 53 bits, as a number from 0 to below 1.
      keep.UnsafeAppend(static_cast<double>(hash >> 11) * 0x1p-53 < fraction_);
    }
    Verdict verdict;
    ARROW_RETURN_NOT_OK(keep.Finish(&verdict.keep));
    return verdict;
  }

 private:
  double fraction_;
  uint64_t seed_;
};

std::shared_ptr<const Operator> Make(const Request& request) {
  if (!request.ready()) return nullptr;
  const ConfigValue* fraction = request.parameters().Find("fraction");
  // Two samples of one stage are drawn apart, unless they are told the same seed.
  const uint64_t seed =
      request.parameters().IsWritten("seed")
          ? static_cast<uint64_t>(request.parameters().Integer("seed"))
          : XXH3_64bits_withSeed(request.id().data(), request.id().size(), request.seed());
  return std::make_shared<SampleFilter>(fraction->number, seed);
}

}  // namespace

OperatorType Sample() {
  OperatorType type;
  type.name = "sample";
  type.kind = Kind::kFilter;
  type.keys_only = true;
  type.draws = true;
  type.doc =
      "Draws a share of the rows by the hash of their ids, so that a row is drawn or not whatever "
      "other rows there are. The others count as not drawn.";
  type.parameters = {{.key = "fraction",
                      .type = FieldType::kNumber,
                      .doc = "Which share of the rows to keep, about.",
                      .required = true,
                      .number_min = 0,
                      .number_max = 1},
                     {.key = "seed",
                      .type = FieldType::kInteger,
                      .doc = "Samples with equal seeds draw the same rows, the smaller among those "
                             "of the larger. If absent it is made of the pipeline's `seed` and "
                             "the instance's id.",
                      .min = 0}};
  type.example = "{id: tenth, type: sample, fraction: 0.1}";
  type.make = Make;
  return type;
}

}  // namespace millrace::op
