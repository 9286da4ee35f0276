#include "contract/column_rule.h"

#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <arrow/datum.h>

#include <algorithm>
#include <mutex>

#include "base/utf8.h"
#include "contract/regex_fault.h"
#include "contract/text_prepare.h"
#include "contract/typed_cast.h"
#include "contract/value_text.h"

namespace millrace::contract {

namespace cp = arrow::compute;

namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;

void InitializeCompute() {
  static std::once_flag once;
  std::call_once(once, [] { (void)cp::Initialize(); });
}

// Appends a violation for every row of `flags` that is valid and equals `wanted`.
void AddWhere(const arrow::Datum& flags, bool wanted, Check check, std::vector<Violation>* out) {
  const arrow::BooleanArray array(flags.array());
  const int64_t found = wanted ? array.true_count() : array.false_count();
  if (found == 0) return;
  for (int64_t row = 0; row < array.length(); ++row) {
    if (array.IsValid(row) && array.Value(row) == wanted)
      out->push_back({row, check, CastError::kNone});
  }
}

void CheckTexts(const TextSet& known, const arrow::StringArray& values,
                std::vector<Violation>* out) {
  const bool nulls_here = values.null_count() != 0;
  for (int64_t row = 0; row < values.length(); ++row) {
    if (nulls_here && values.IsNull(row)) continue;
    if (!known.Contains(values.GetView(row))) out->push_back({row, Check::kEnum, CastError::kNone});
  }
}

Status CheckLengths(const Column& column, const arrow::Array& values, std::vector<Violation>* out) {
  const int64_t least = column.length_min.value_or(0);
  const int64_t most = column.length_max.value_or(INT64_MAX);
  for (int64_t row = 0; row < values.length(); ++row) {
    if (values.IsNull(row)) continue;
    int64_t length = 0;
    if (values.type_id() == arrow::Type::LIST) {
      length = static_cast<const arrow::ListArray&>(values).value_length(row);
    } else if (values.type_id() == arrow::Type::BINARY) {
      length = static_cast<const arrow::BinaryArray&>(values).value_length(row);
    } else {
      const std::string_view text = static_cast<const arrow::StringArray&>(values).GetView(row);
      const int64_t bytes = static_cast<int64_t>(text.size());
      // A code point has one to four bytes: most texts need no counting.
      if (bytes <= most && (bytes + 3) / 4 >= least) continue;
      length = CodePoints(text);
    }
    if (length < least || length > most) out->push_back({row, Check::kLength, CastError::kNone});
  }
  return Status::OK();
}

// One violation per row: that of the first check. Checks were added in order.
void KeepFirst(std::vector<Violation>* violations) {
  std::stable_sort(violations->begin(), violations->end(),
                   [](const Violation& a, const Violation& b) { return a.row < b.row; });
  violations->erase(
      std::unique(violations->begin(), violations->end(),
                  [](const Violation& a, const Violation& b) { return a.row == b.row; }),
      violations->end());
}

Result<ArrayPtr> ReadText(const TextCast& cast, const Column& column, const std::string& text,
                          const std::string& what) {
  CastError why = CastError::kNone;
  ARROW_ASSIGN_OR_RAISE(auto values, CastOneText(cast, text, &why));
  if (why == CastError::kNone) return values;
  const std::string shown = column.sensitive ? "" : " `" + ShortText(text) + "`";
  return MakeError(ErrorCode::kBadValue, what + shown + " of column `" + column.name + "` " +
                                             std::string(CastErrorMessage(why)) + " (" +
                                             column.type_text + ")");
}

}  // namespace

const char* RuleOf(Check check) {
  switch (check) {
    case Check::kReader:
      break;  // has the reader's own word
    case Check::kType:
      return "contract.type";
    case Check::kRequired:
      return "contract.required";
    case Check::kEnum:
      return "contract.enum";
    case Check::kMin:
      return "contract.min";
    case Check::kMax:
      return "contract.max";
    case Check::kLength:
      return "contract.length";
    case Check::kRegex:
      return "contract.regex";
  }
  return "contract.type";
}

Result<std::shared_ptr<const ColumnRule>> ColumnRule::Make(const Column& column) {
  InitializeCompute();
  auto rule = std::shared_ptr<ColumnRule>(new ColumnRule(column));
  TextCastOptions options;
  options.is_json = column.is_json;
  options.formats = column.formats;
  options.true_values = column.true_values;
  options.false_values = column.false_values;
  options.round = column.round;
  ARROW_ASSIGN_OR_RAISE(rule->cast_, MakeTextCast(column.type, options));
  const auto read = [&](const std::optional<std::string>& text, const char* what,
                        std::shared_ptr<arrow::Scalar>* out) -> Status {
    if (!text) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const ArrayPtr value, ReadText(*rule->cast_, column, *text, what));
    return value->GetScalar(0).Value(out);
  };
  ARROW_RETURN_NOT_OK(read(column.default_value, "the default", &rule->default_));
  ARROW_RETURN_NOT_OK(read(column.min, "min", &rule->min_));
  ARROW_RETURN_NOT_OK(read(column.max, "max", &rule->max_));
  arrow::ArrayVector values;
  for (const std::string& text : column.enum_values) {
    ARROW_ASSIGN_OR_RAISE(ArrayPtr value, ReadText(*rule->cast_, column, text, "the enum value"));
    values.push_back(std::move(value));
  }
  if (!values.empty()) {
    ARROW_ASSIGN_OR_RAISE(rule->enum_, arrow::Concatenate(values));
    if (rule->enum_->type_id() == arrow::Type::STRING) {
      const auto& strings = static_cast<const arrow::StringArray&>(*rule->enum_);
      std::vector<std::string> texts;
      for (int64_t i = 0; i < strings.length(); ++i) texts.push_back(strings.GetString(i));
      rule->enum_texts_.emplace(texts);
    }
  }
  return rule;
}

Result<CastResult> ColumnRule::ToType(const ArrayPtr& input, ColumnOutcome* outcome) const {
  ArrayPtr texts = input;
  CastResult read;
  if (input->type_id() != arrow::Type::STRING) {
    if (column_.null_values.empty() || input->type_id() == arrow::Type::NA) {
      ARROW_ASSIGN_OR_RAISE(ArrayPtr widened, WidenTo(input, column_.type));
      if (widened && !column_.is_json) return CastResult{std::move(widened), {}};
    }
    ARROW_ASSIGN_OR_RAISE(read, ValueTexts(*input, column_.type->id() == arrow::Type::STRING));
    texts = read.values;
  }
  auto strings = std::static_pointer_cast<arrow::StringArray>(texts);
  ARROW_ASSIGN_OR_RAISE(strings, TrimTexts(std::move(strings), column_.trim));
  ARROW_ASSIGN_OR_RAISE(strings, NullTexts(std::move(strings), column_.null_values));
  outcome->read = strings;
  ARROW_ASSIGN_OR_RAISE(CastResult cast, cast_->Cast(strings));
  cast.failures.insert(cast.failures.end(), read.failures.begin(), read.failures.end());
  return cast;
}

Status ColumnRule::CheckValues(ColumnOutcome* outcome) const {
  const ArrayPtr& values = outcome->values;
  std::vector<Violation>* out = &outcome->violations;
  if (enum_texts_ && values->type_id() == arrow::Type::STRING) {
    CheckTexts(*enum_texts_, static_cast<const arrow::StringArray&>(*values), out);
  } else if (enum_) {
    const cp::SetLookupOptions options(enum_, cp::SetLookupOptions::SKIP);
    ARROW_ASSIGN_OR_RAISE(auto known, cp::IsIn(values, options));
    if (values->null_count() > 0) {
      // is_in says false for null, which is no violation.
      ARROW_ASSIGN_OR_RAISE(auto null, cp::IsNull(values));
      ARROW_ASSIGN_OR_RAISE(known, cp::Or(known, null));
    }
    AddWhere(known, false, Check::kEnum, out);
  }
  if (min_) {
    ARROW_ASSIGN_OR_RAISE(auto below, cp::CallFunction("less", {values, min_}));
    AddWhere(below, true, Check::kMin, out);
  }
  if (max_) {
    ARROW_ASSIGN_OR_RAISE(auto above, cp::CallFunction("greater", {values, max_}));
    AddWhere(above, true, Check::kMax, out);
  }
  if (column_.length_min || column_.length_max) {
    ARROW_RETURN_NOT_OK(CheckLengths(column_, *values, out));
  }
  if (!column_.regex.empty()) {
    // Compiled once per batch: microseconds beside a batch's milliseconds.
    const cp::MatchSubstringOptions options(WholeValuePattern(column_.regex));
    ARROW_ASSIGN_OR_RAISE(auto matches,
                          cp::CallFunction("match_substring_regex", {values}, &options));
    AddWhere(matches, false, Check::kRegex, out);
  }
  return Status::OK();
}

Result<ColumnOutcome> ColumnRule::Apply(const ArrayPtr& input,
                                        const std::vector<int64_t>& failed_rows) const {
  ColumnOutcome outcome;
  outcome.read = input;
  ARROW_ASSIGN_OR_RAISE(CastResult cast, ToType(input, &outcome));
  outcome.values = std::move(cast.values);
  for (int64_t row : failed_rows)
    outcome.violations.push_back({row, Check::kReader, CastError::kNone});
  for (const CastFailure& failure : cast.failures) {
    outcome.violations.push_back({failure.row, Check::kType, failure.why});
  }
  KeepFirst(&outcome.violations);  // rows without a value so far for another reason than null
  if (outcome.values->null_count() > 0 && (default_ || column_.required)) {
    std::vector<bool> failed(static_cast<size_t>(input->length()));
    for (const Violation& violation : outcome.violations)
      failed[static_cast<size_t>(violation.row)] = true;
    arrow::BooleanBuilder absent;
    ARROW_RETURN_NOT_OK(absent.Reserve(input->length()));
    for (int64_t row = 0; row < input->length(); ++row) {
      const bool missing = outcome.values->IsNull(row) && !failed[static_cast<size_t>(row)];
      absent.UnsafeAppend(missing);
      if (missing && !default_)
        outcome.violations.push_back({row, Check::kRequired, CastError::kNone});
    }
    if (default_) {
      ARROW_ASSIGN_OR_RAISE(auto mask, absent.Finish());
      ARROW_ASSIGN_OR_RAISE(auto filled, cp::IfElse(mask, default_, outcome.values));
      outcome.values = filled.make_array();
    }
  }
  ARROW_RETURN_NOT_OK(CheckValues(&outcome));
  KeepFirst(&outcome.violations);
  return outcome;
}

std::string ColumnRule::ThresholdOf(Check check) const {
  switch (check) {
    case Check::kReader:
    case Check::kRequired:
      return "";
    case Check::kType: {
      std::string text = column_.type_text;
      for (const std::string& format : column_.formats) text += " " + format;
      return text;
    }
    case Check::kEnum: {
      std::string text;
      for (const std::string& value : column_.enum_values)
        text += (text.empty() ? "" : ", ") + value;
      return ShortText(text);
    }
    case Check::kMin:
      return column_.min.value_or("");
    case Check::kMax:
      return column_.max.value_or("");
    case Check::kLength:
      return (column_.length_min ? std::to_string(*column_.length_min) : "0") + ".." +
             (column_.length_max ? std::to_string(*column_.length_max) : "");
    case Check::kRegex:
      return column_.regex;
  }
  return "";
}

std::string ColumnRule::MessageOf(const Violation& violation, const ColumnOutcome& outcome) const {
  std::string value = "the value";
  if (!column_.sensitive && violation.check != Check::kReader &&
      violation.check != Check::kRequired) {
    const arrow::Array& shown =
        outcome.read->IsValid(violation.row) ? *outcome.read : *outcome.values;
    std::string text;
    if (shown.IsValid(violation.row)) AppendValueText(shown, violation.row, &text);
    value += " `" + ShortText(text) + '`';
  }
  const std::string threshold = ThresholdOf(violation.check);
  const std::string column = "column `" + column_.name + "`: ";
  switch (violation.check) {
    case Check::kReader:
      return column + "the value cannot be read";
    case Check::kRequired:
      return column + "a value is required";
    case Check::kType:
      return column + value + ' ' + std::string(CastErrorMessage(violation.why)) + " (" +
             threshold + ')';
    case Check::kEnum:
      return column + value + " is none of " + threshold;
    case Check::kMin:
      return column + value + " is below " + threshold;
    case Check::kMax:
      return column + value + " is above " + threshold;
    case Check::kLength:
      return column + value + " has a length outside " + threshold;
    case Check::kRegex:
      return column + value + " does not match " + threshold;
  }
  return column;
}

}  // namespace millrace::contract
