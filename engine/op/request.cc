#include "op/request.h"

#include <arrow/util/key_value_metadata.h>

#include "base/reserved_columns.h"
#include "contract/contract.h"
#include "op/row_layout.h"

namespace millrace::op {

bool IsSensitive(const arrow::Field& field) {
  return field.HasMetadata() && field.metadata()->Contains(contract::kSensitiveKey);
}

std::shared_ptr<arrow::Field> MarkSensitive(std::shared_ptr<arrow::Field> field, bool sensitive) {
  if (!sensitive) return field;
  return field->WithMergedMetadata(arrow::key_value_metadata({contract::kSensitiveKey}, {"true"}));
}

const ConfigValue& Request::At(std::string_view key) const {
  const ConfigValue* value = parameters_.Find(key);
  return value == nullptr || value->node == nullptr ? parameters_ : *value;
}

void Request::Report(std::string_view key, ErrorCode code, std::string message,
                     std::string suggestion) const {
  Report(At(key), code, std::move(message), std::move(suggestion));
}

void Request::Report(const ConfigValue& where, ErrorCode code, std::string message,
                     std::string suggestion) const {
  failed_ = true;
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  diagnostic.span = where.span;
  problems_->push_back({&where, std::move(diagnostic), false});
}

void Request::Report(const ConfigValue& where, const Status& error) const {
  failed_ = true;
  for (Diagnostic& diagnostic : DiagnosticsOf(error)) {
    if (!diagnostic.span.known()) diagnostic.span = where.span;
    problems_->push_back({&where, std::move(diagnostic), false});
  }
}

void Request::ReportInside(const ConfigValue& where, Diagnostic diagnostic) const {
  failed_ = true;
  problems_->push_back({&where, std::move(diagnostic), true});
}

int Request::Column(const ConfigValue& name) const {
  if (columns_ == nullptr) return -1;
  const int at = columns_->GetFieldIndex(name.text);
  if (at >= 0 && !IsReservedColumn(name.text)) return at;
  std::vector<std::string> known;
  for (const auto& field : columns_->fields()) {
    if (!IsReservedColumn(field->name())) known.push_back(field->name());
  }
  Report(name, ErrorCode::kUnknownReference, "no column `" + name.text + "` reaches this operator",
         DidYouMean(name.text, known));
  return -1;
}

int Request::TextColumn(std::string_view key) const {
  const ConfigValue* name = parameters_.Find(key);
  if (name == nullptr) return -1;  // missing: reported already
  const int at = Column(*name);
  if (at < 0) return -1;
  const arrow::DataType& type = *columns_->field(at)->type();
  if (type.id() == arrow::Type::STRING) return at;
  Report(*name, ErrorCode::kBadValue,
         "`" + name->text + "` is " + contract::TypeText(type) + ", but must be a string");
  return -1;
}

std::optional<expr::Expression> Request::ExpressionOf(
    std::string_view key, std::shared_ptr<arrow::DataType>* type) const {
  const ConfigValue* text = parameters_.Find(key);
  return text == nullptr ? std::nullopt : Parsed(*text, type);
}

std::optional<expr::Expression> Request::Parsed(const ConfigValue& text,
                                                std::shared_ptr<arrow::DataType>* type) const {
  const Result<expr::Expression> parsed = expr::Expression::Parse(text.text);
  if (!parsed.ok()) {
    for (const Diagnostic& d : DiagnosticsOf(parsed.status())) ReportInside(text, d);
    return std::nullopt;
  }
  if (columns_ == nullptr) return *parsed;
  const auto checked = parsed->TypeCheck(*columns_);
  if (!checked.ok()) {
    for (const Diagnostic& d : DiagnosticsOf(checked.status())) ReportInside(text, d);
    return std::nullopt;
  }
  *type = *checked;
  return *parsed;
}

std::string Request::SecretOf(std::string_view key) const {
  const ConfigValue* reference = parameters_.Find(key);
  if (reference == nullptr || !supplies_.secrets) return "";
  const Result<std::string> secret = supplies_.secrets(reference->text);
  if (!secret.ok()) {
    Report(*reference, secret.status());
    return "";
  }
  if (secret->empty()) {
    Report(*reference, ErrorCode::kBadValue, "the `" + std::string(key) + "` is empty");
  }
  return *secret;
}

std::optional<expr::Expression> Request::PredicateOf(std::string_view key) const {
  const ConfigValue* text = parameters_.Find(key);
  return text == nullptr ? std::nullopt : Predicate(*text);
}

std::optional<expr::Expression> Request::Predicate(const ConfigValue& text) const {
  std::shared_ptr<arrow::DataType> type;
  auto expression = Parsed(text, &type);
  if (!expression || columns_ == nullptr) return std::nullopt;
  if (type->id() == arrow::Type::BOOL || type->id() == arrow::Type::NA) return expression;
  Report(text, ErrorCode::kBadExpression,
         "the expression must be true or false, but is " + type->ToString());
  return std::nullopt;
}

void Request::CheckFree(const std::string& name) const {
  if (columns_ == nullptr || columns_->GetFieldIndex(name) < 0) return;
  Report("id", ErrorCode::kDuplicateName, "there is a column `" + name + "` already",
         "give the instance another id");
}

std::shared_ptr<arrow::Field> Request::NewField(const std::string& name,
                                                std::shared_ptr<arrow::DataType> type,
                                                const std::vector<int>& from) const {
  const std::string whole = id_ + '_' + name;
  CheckFree(whole);
  const bool text = type->id() == arrow::Type::STRING || type->id() == arrow::Type::BINARY;
  return MarkSensitive(arrow::field(whole, std::move(type)),
                       text && columns_ != nullptr && IsSensitive(from));
}

std::shared_ptr<arrow::Field> Request::NewMeasure(const std::string& name,
                                                  std::shared_ptr<arrow::DataType> type) const {
  const std::string whole = id_ + '.' + name;
  CheckFree(whole);
  return arrow::field(whole, std::move(type));
}

std::shared_ptr<arrow::Field> Request::NewFinding(const std::string& name,
                                                  std::shared_ptr<arrow::DataType> type) const {
  const std::string whole = kEvalWorkingPrefix + id_ + '_' + name;
  CheckFree(whole);
  return arrow::field(whole, std::move(type));
}

bool Request::IsSensitive(const std::vector<int>& columns) const {
  for (const int column : columns) {
    if (column >= 0 && op::IsSensitive(*columns_->field(column))) return true;
  }
  return false;
}

}  // namespace millrace::op
