#include "stage/evidence/row_judge.h"

#include <arrow/api.h>

#include "base/utf8.h"
#include "contract/value_text.h"

namespace millrace::stage {
namespace {

using arrow::Type;

bool IsText(const arrow::DataType& type) {
  return type.id() == Type::STRING || type.id() == Type::LARGE_STRING;
}

std::string_view TextAt(const arrow::Array& values, int64_t row) {
  if (values.type_id() == Type::LARGE_STRING) {
    return static_cast<const arrow::LargeStringArray&>(values).GetView(row);
  }
  return static_cast<const arrow::StringArray&>(values).GetView(row);
}

// Pieces between ASCII white space.
int64_t Words(std::string_view text) {
  int64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank && !inside) ++words;
    inside = !blank;
  }
  return words;
}

int64_t LengthOf(std::string_view text, contract::LengthUnit unit) {
  switch (unit) {
    case contract::LengthUnit::kCharacters:
      return CodePoints(text);
    case contract::LengthUnit::kBytes:
      return static_cast<int64_t>(text.size());
    case contract::LengthUnit::kWords:
      return Words(text);
  }
  return 0;
}

// As values are compared: of a language the part before the first - or _, in lower case.
std::string Normal(std::string_view text, contract::ValueKind kind) {
  if (kind == contract::ValueKind::kExact) return std::string(text);
  std::string out;
  for (const char c : text) {
    if (kind == contract::ValueKind::kLanguage && (c == '-' || c == '_')) break;
    out += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  }
  return out;
}

const contract::Column* FindColumn(const contract::Contract& table, const std::string& name) {
  for (const contract::Column& column : table.columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

}  // namespace

RowJudge::RowJudge(const contract::Requirement& requirement, const contract::Contract& table)
    : requirement_(requirement) {
  FindColumns(table);
  if (const auto* values = std::get_if<contract::ValuesCheck>(&requirement.check)) {
    for (const std::string& value : values->allowed) allowed_.insert(Normal(value, values->kind));
  }
}

void RowJudge::FindColumns(const contract::Contract& table) {
  columns_ = contract::ColumnsOf(requirement_.check);
  const bool pii = std::holds_alternative<contract::PiiCheck>(requirement_.check);
  const bool repeats = std::holds_alternative<contract::DuplicatesCheck>(requirement_.check);
  if (columns_.empty()) {
    for (const contract::Column& column : table.columns) {
      if (repeats || (pii && IsText(*column.type))) columns_.push_back(column.name);
    }
  }
  for (const std::string& name : columns_) {
    const contract::Column* column = FindColumn(table, name);
    if (column == nullptr) {
      obstacle_ = "the table has no column `" + name + "`";
      return;
    }
    const bool text = IsText(*column->type);
    const bool length = std::holds_alternative<contract::LengthCheck>(requirement_.check);
    if ((pii && !text) || (length && !text && column->type->id() != Type::LIST)) {
      obstacle_ = "`" + name + "` is of type " + contract::TypeText(*column->type) +
                  (pii ? ", and is no text" : ", which has no length");
      return;
    }
  }
}

std::vector<uint32_t> RowJudge::Judge(const arrow::RecordBatch& rows) const {
  std::vector<uint32_t> breaks(static_cast<size_t>(rows.num_rows()), 0);
  if (std::holds_alternative<contract::NullsCheck>(requirement_.check)) {
    JudgeNulls(rows, &breaks);
  } else if (const auto* length = std::get_if<contract::LengthCheck>(&requirement_.check)) {
    JudgeLength(*length, rows, &breaks);
  } else if (const auto* values = std::get_if<contract::ValuesCheck>(&requirement_.check)) {
    JudgeValues(*values, rows, &breaks);
  } else if (const auto* pii = std::get_if<contract::PiiCheck>(&requirement_.check)) {
    JudgePii(*pii, rows, &breaks);
  }
  return breaks;
}

void RowJudge::JudgeNulls(const arrow::RecordBatch& rows, std::vector<uint32_t>* breaks) const {
  for (const std::string& name : columns_) {
    const auto column = rows.GetColumnByName(name);
    if (column->null_count() == 0) continue;
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (column->IsNull(row)) (*breaks)[static_cast<size_t>(row)] = 1;
    }
  }
}

void RowJudge::JudgeLength(const contract::LengthCheck& check, const arrow::RecordBatch& rows,
                           std::vector<uint32_t>* breaks) const {
  const auto column = rows.GetColumnByName(check.column);
  const bool text = IsText(*column->type());
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    if (column->IsNull(row)) continue;
    const int64_t length = text ? LengthOf(TextAt(*column, row), check.unit)
                                : static_cast<const arrow::ListArray&>(*column).value_length(row);
    const bool right = (!check.min || length >= *check.min) && (!check.max || length <= *check.max);
    if (!right) (*breaks)[static_cast<size_t>(row)] = 1;
  }
}

void RowJudge::JudgeValues(const contract::ValuesCheck& check, const arrow::RecordBatch& rows,
                           std::vector<uint32_t>* breaks) const {
  const auto column = rows.GetColumnByName(check.column);
  const bool text = IsText(*column->type());
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    bool found = false;
    if (column->IsValid(row)) {
      std::string value;
      if (text) {
        value = Normal(TextAt(*column, row), check.kind);
      } else {
        contract::AppendValueText(*column, row, &value);
        value = Normal(value, check.kind);
      }
      found = allowed_.count(value) > 0;
    }
    if (!found) (*breaks)[static_cast<size_t>(row)] = 1;
  }
}

void RowJudge::JudgePii(const contract::PiiCheck& check, const arrow::RecordBatch& rows,
                        std::vector<uint32_t>* breaks) const {
  for (const std::string& name : columns_) {
    const auto column = rows.GetColumnByName(name);
    for (int64_t row = 0; row < rows.num_rows(); ++row) {
      if (column->IsNull(row)) continue;
      (*breaks)[static_cast<size_t>(row)] |= contract::FindPii(TextAt(*column, row), check.kinds);
    }
  }
}

}  // namespace millrace::stage
