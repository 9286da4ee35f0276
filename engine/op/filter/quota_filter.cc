#include "op/filter/quota_filter.h"

#include <arrow/array.h>
#include <arrow/type_traits.h>
#include <xxhash.h>

#include <algorithm>
#include <set>

#include "base/reserved_columns.h"
#include "base/weight.h"
#include "op/request.h"

namespace millrace::op {
namespace {

using T = FieldType;

std::vector<std::string> NamesOf(const ConfigValue& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map.members) names.push_back(name);
  return names;
}

// The share of each bucket, by position; wrong ones are reported.
std::vector<int64_t> WeightsOf(const Request& request, const ConfigValue& buckets,
                               const ConfigValue& quota) {
  const std::vector<std::string> names = NamesOf(buckets);
  std::vector<int64_t> weights(names.size(), -1);
  for (const auto& [name, value] : quota.members) {
    const auto at = std::find(names.begin(), names.end(), name);
    const auto share = ParseWeight(value.text);
    const auto units = share ? WeightUnits(*share) : std::nullopt;
    if (at == names.end()) {
      request.Report(value, ErrorCode::kUnknownReference, "there is no bucket `" + name + "`",
                     DidYouMean(name, names));
    } else if (!share) {
      request.Report(value, ErrorCode::kBadValue, "a share is a number from 0 to 1000000");
    } else if (!units) {
      request.Report(value, ErrorCode::kBadValue, "a share has at most six places after the point");
    } else {
      weights[static_cast<size_t>(at - names.begin())] = *units;
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (weights[i] >= 0 || quota.Find(names[i]) != nullptr) continue;
    request.Report("quota", ErrorCode::kBadValue, "the bucket `" + names[i] + "` has no quota",
                   "give it a share; 0 draws none of its rows");
  }
  if (!weights.empty() && std::all_of(weights.begin(), weights.end(), [](auto w) { return !w; })) {
    request.Report("quota", ErrorCode::kBadValue, "all shares are 0");
  }
  return weights;
}

// The only measure of a `token_count` among working columns; "" where there is none or several.
std::string OnlyTokenMeasure(const arrow::Schema& working) {
  const std::string end = ".tokens";
  std::string found;
  for (const auto& field : working.fields()) {
    const std::string& name = field->name();
    const bool is_one = name.size() > end.size() &&
                        name.compare(name.size() - end.size(), end.size(), end) == 0 &&
                        field->type()->id() == arrow::Type::INT64;
    if (!is_one) continue;
    if (!found.empty()) return "";
    found = name;
  }
  return found;
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* buckets = request.parameters().Find("buckets");
  const ConfigValue* quota = request.parameters().Find("quota");
  if (buckets == nullptr || quota == nullptr) return nullptr;  // reported already
  if (buckets->members.empty() || buckets->members.size() > kBucketsMax) {
    request.Report("buckets", ErrorCode::kBadValue,
                   "there are 1 to " + std::to_string(kBucketsMax) + " buckets");
  }
  const std::vector<int64_t> weights = WeightsOf(request, *buckets, *quota);
  std::vector<QuotaBucket> made;
  std::set<std::string> reads = {std::string(kRowIdColumn)};
  bool whole = true;
  for (size_t i = 0; i < buckets->members.size(); ++i) {
    const ConfigValue& text = buckets->members[i].value;
    auto expression = request.Predicate(text);
    whole = whole && expression.has_value();
    if (!expression) continue;
    for (std::string& name : expression->ColumnsOf(*request.columns())) {
      reads.insert(std::move(name));
    }
    made.push_back({buckets->members[i].name, *std::move(expression), weights[i]});
  }
  QuotaOptions options;
  const ConfigValue* rows = request.parameters().Find("rows");
  if (rows != nullptr) options.rows = rows->integer;
  options.exact = request.parameters().Text("precision") == "exact";
  options.fills = request.parameters().Text("when_short") == "fill";
  if (options.fills && rows == nullptr) {
    request.Report("when_short", ErrorCode::kBadValue, "`when_short: fill` needs `rows`",
                   "without a total there is nothing to fill up to");
  }
  const ConfigValue* seed = request.parameters().Find("seed");
  const uint64_t base = seed == nullptr ? request.seed() : static_cast<uint64_t>(seed->integer);
  // Apart from what `sample` draws and `shuffle` orders by under the same seed.
  options.seed = XXH3_64bits_withSeed(kOutputMixture, sizeof kOutputMixture - 1, base);
  options.tokens = TokensOf(request);
  if (!request.ready() || !whole) return nullptr;
  return std::make_shared<QuotaFilter>(std::vector<std::string>(reads.begin(), reads.end()),
                                       std::move(made), std::move(options));
}

std::vector<Field> Parameters() {
  return {
      {.key = "buckets",
       .type = T::kNamedTexts,
       .doc = "Expressions by name, at most 64. A row belongs to the first bucket whose expression "
              "is true of it; a row of none is not drawn.",
       .required = true},
      {.key = "quota",
       .type = T::kNamedTexts,
       .doc = "The share of each bucket, held against those of the others; at most six places "
              "after the point. 0 draws none of its rows.",
       .required = true},
      {.key = "rows",
       .type = T::kInteger,
       .doc = "How many rows to draw in all; if absent as many as there are at these shares.",
       .min = 0},
      {.key = "precision",
       .type = T::kChoice,
       .doc = "`exact`: each bucket within a row of its share. `approximate`: each row by itself "
              "with the chance that its bucket needs, off by about the square root of the rows "
              "drawn; nothing but counts is kept of the rows to decide.",
       .fallback = "exact",
       .choices = {"exact", "approximate"}},
      {.key = "when_short",
       .type = T::kChoice,
       .doc = "When a bucket has fewer rows than its share of `rows`: `shrink` the total until all "
              "shares hold, or `fill` it with rows of the other buckets, by their shares.",
       .fallback = "shrink",
       .choices = {"shrink", "fill"}},
      {.key = "tokens",
       .type = T::kText,
       .doc = "What counts the tokens of a row, for the shares that are told: a column, a measure, "
              "or an expression of them. If absent the measure of a `token_count`, where there is "
              "exactly one."},
      {.key = "seed",
       .type = T::kInteger,
       .doc = "Other rows for another seed; if absent the pipeline's.",
       .min = 0},
      {.key = "rejects",
       .type = T::kChoice,
       .doc = "What is kept of a row that is not drawn: the `full` row as it came into the stage, "
              "the `keys` (row id, rule, bucket), or a `count` alone.",
       .fallback = "keys",
       .choices = {"full", "keys", "count"}},
  };
}

}  // namespace

QuotaFilter::QuotaFilter(std::vector<std::string> reads, std::vector<QuotaBucket> buckets,
                         QuotaOptions options)
    : GlobalFilter(std::move(reads),
                   {"output_mixture.not_drawn", "", "", "other rows of its bucket were drawn"}),
      buckets_(std::move(buckets)),
      options_(std::move(options)),
      outside_{"output_mixture.no_bucket", "", "", "no bucket takes the row"} {}

std::string QuotaFilter::Identity() const {
  std::string order = options_.tokens;
  for (const QuotaBucket& bucket : buckets_) order += '\n' + bucket.name;
  return order;
}

Result<std::vector<uint8_t>> QuotaFilter::BucketsOf(const arrow::RecordBatch& rows,
                                                    RowFailures* failures) const {
  const auto count = static_cast<size_t>(rows.num_rows());
  std::vector<uint8_t> found(count, kNoBucket);
  std::vector<const expr::RowError*> failed(count);
  std::vector<std::vector<expr::RowError>> errors;
  errors.reserve(buckets_.size());
  for (size_t i = 0; i < buckets_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const expr::Evaluation is_true, buckets_[i].expression.Evaluate(rows));
    // Only a row that no earlier bucket has taken is asked.
    for (const expr::RowError& error : errors.emplace_back(is_true.errors)) {
      const auto row = static_cast<size_t>(error.row);
      if (found[row] == kNoBucket && failed[row] == nullptr) failed[row] = &error;
    }
    if (is_true.values->type_id() == arrow::Type::NA) continue;
    const auto& values = static_cast<const arrow::BooleanArray&>(*is_true.values);
    for (size_t row = 0; row < count; ++row) {
      if (found[row] != kNoBucket || failed[row] != nullptr) continue;
      const auto at = static_cast<int64_t>(row);
      if (values.IsValid(at) && values.Value(at)) found[row] = static_cast<uint8_t>(i);
    }
  }
  for (const expr::RowError* error : failed) {
    if (error != nullptr) failures->push_back({error->row, error->rule, error->message});
  }
  return found;
}

std::vector<uint64_t> QuotaFilter::HashesOf(const arrow::RecordBatch& rows) const {
  const auto column = rows.GetColumnByName(std::string(kRowIdColumn));
  const auto& ids = static_cast<const arrow::StringArray&>(*column);
  std::vector<uint64_t> hashes;
  hashes.reserve(static_cast<size_t>(ids.length()));
  for (int64_t row = 0; row < ids.length(); ++row) {
    const std::string_view id = ids.GetView(row);
    hashes.push_back(XXH3_64bits_withSeed(id.data(), id.size(), options_.seed));
  }
  return hashes;
}

const OperatorType& OutputMixture() {
  static const auto* type = [] {
    auto* made = new OperatorType;
    made->name = kOutputMixture;
    made->kind = Kind::kFilter;
    made->global = true;
    made->keys_only = true;
    made->draws = true;
    made->doc =
        "What the stage hands on: rows by buckets, of each a share of the whole. The rows are "
        "drawn "
        "by a hash of their ids and stay in their order; the others count as not drawn.";
    made->parameters = Parameters();
    made->make = Make;
    return made;
  }();
  return *type;
}

const ObjectSpec& OutputMixtureSpec() {
  static const auto* spec = new ObjectSpec{
      .name = "output mixture", .doc = OutputMixture().doc, .fields = OutputMixture().parameters};
  return *spec;
}

std::string TokensOf(const Request& request) {
  const ConfigValue* text = request.parameters().Find("tokens");
  if (text == nullptr) {
    return request.columns() == nullptr ? "" : OnlyTokenMeasure(*request.columns());
  }
  std::shared_ptr<arrow::DataType> type;
  if (!request.ExpressionOf("tokens", &type)) return "";
  if (type != nullptr && !arrow::is_integer(type->id())) {
    request.Report("tokens", ErrorCode::kBadExpression,
                   "the expression must be a whole number, but is " + type->ToString());
  }
  return text->text;
}

}  // namespace millrace::op
