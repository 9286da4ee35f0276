// Requirements in words, for cards and messages.
#include <fmt/format.h>

#include "base/quantity.h"
#include "contract/model/model_contract.h"

namespace millrace::contract {
namespace {

constexpr size_t kListedMax = 12;

std::string List(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size() && i < kListedMax; ++i) {
    out += (i == 0 ? "`" : ", `") + names[i] + "`";
  }
  if (names.size() > kListedMax) {
    out += " and " + std::to_string(names.size() - kListedMax) + " more";
  }
  return out;
}

template <typename Format>
std::string Between(const std::optional<int64_t>& min, const std::optional<int64_t>& max,
                    Format format) {
  if (min && max) return format(*min) + " to " + format(*max);
  return min ? format(*min) + " or more" : "at most " + format(*max);
}

std::string Text(const FieldsCheck& check) {
  std::vector<std::string> fields;
  for (const auto& [name, type] : check.fields) {
    fields.push_back(type.empty() ? name : name + ": " + type);
  }
  return "the table has " + List(fields);
}
std::string Text(const NullsCheck& check) { return List(check.columns) + " has a value"; }
std::string Text(const LengthCheck& check) {
  const char* unit = check.unit == LengthUnit::kBytes   ? " bytes"
                     : check.unit == LengthUnit::kWords ? " words"
                                                        : " characters (of a list: elements)";
  return "`" + check.column + "` has " + Between(check.min, check.max, FormatCount) + unit;
}
std::string Text(const ValuesCheck& check) {
  return "`" + check.column + "` is one of " + List(check.allowed);
}
std::string Text(const DuplicatesCheck& check) {
  return "no row repeats an earlier one" +
         (check.columns.empty() ? std::string(" in all columns") : " in " + List(check.columns));
}
std::string Text(const PiiCheck& check) {
  std::vector<std::string> kinds;
  for (size_t i = 0; i < PiiNames().size(); ++i) {
    if ((check.kinds >> i & 1u) != 0) kinds.push_back(PiiNames()[i]);
  }
  std::string names;
  for (const std::string& kind : kinds) names += (names.empty() ? "" : ", ") + kind;
  return (check.columns.empty() ? std::string("no text") : "no value of " + List(check.columns)) +
         " shows personal data (" + names + ")";
}
std::string Text(const SizeCheck&) { return "the table has the size asked for"; }

}  // namespace

bool CountsRows(const Check& check) {
  return !std::holds_alternative<FieldsCheck>(check) && !std::holds_alternative<SizeCheck>(check);
}

std::vector<std::string> ColumnsOf(const Check& check) {
  if (const auto* nulls = std::get_if<NullsCheck>(&check)) return nulls->columns;
  if (const auto* length = std::get_if<LengthCheck>(&check)) return {length->column};
  if (const auto* values = std::get_if<ValuesCheck>(&check)) return {values->column};
  if (const auto* duplicates = std::get_if<DuplicatesCheck>(&check)) return duplicates->columns;
  if (const auto* pii = std::get_if<PiiCheck>(&check)) return pii->columns;
  return {};
}

std::string CheckText(const Requirement& requirement) {
  return std::visit([](const auto& check) { return Text(check); }, requirement.check);
}

std::string ThresholdText(const Requirement& requirement) {
  if (const auto* size = std::get_if<SizeCheck>(&requirement.check)) {
    std::string text;
    if (size->min_rows || size->max_rows) {
      text = Between(size->min_rows, size->max_rows, FormatCount) + " rows";
    }
    if (size->min_bytes || size->max_bytes) {
      text +=
          (text.empty() ? "" : ", ") + Between(size->min_bytes, size->max_bytes, FormatByteSize);
    }
    return text;
  }
  if (!CountsRows(requirement.check)) return "all of them";
  if (requirement.max_fraction == 0) return "no row breaks it";
  return fmt::format("at most {:.6g} % of the rows break it", requirement.max_fraction * 100);
}

}  // namespace millrace::contract
