#include "op/plugin/plugin_instance.h"

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/builder.h>
#include <arrow/c/bridge.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <set>

#include "base/diagnostic.h"
#include "base/reserved_columns.h"
#include "base/utf8.h"
#include "op/plugin/foreign_arrays.h"
#include "op/plugin/plugin_table.h"

namespace millrace::op {
namespace {

constexpr size_t kColumnsMax = 1000;
constexpr size_t kNameBytesMax = 256;
constexpr size_t kTextBytesMax = 512;
constexpr size_t kReasonsMax = 256;
constexpr size_t kRuleBytesMax = 64;

// For people: of one line, and never longer than a screen.
std::string Shown(std::string_view text) {
  std::string shown = CutValidText(text, kTextBytesMax);
  for (char& c : shown) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return shown;
}

std::string Shown(const char* text) {
  return text == nullptr ? "" : Shown(std::string_view(text, strnlen(text, kTextBytesMax + 1)));
}

std::string MessageOf(const millrace_error& error) {
  const std::string text =
      Shown(std::string_view(error.message, strnlen(error.message, sizeof error.message)));
  return text.empty() ? "it does not say why" : text;
}

// A function of a plug-in, out of which no exception may come.
template <typename Call>
int Guarded(const Call& call, millrace_error* error) {
  try {
    return call();
  } catch (...) {
    std::strncpy(error->message, "it threw an exception", sizeof error->message - 1);
    return 1;
  }
}

bool IsName(const char* text) {
  if (text == nullptr) return false;
  const size_t size = strnlen(text, kNameBytesMax + 1);
  arrow::util::InitializeUTF8();
  return size > 0 && size <= kNameBytesMax &&
         arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t*>(text),
                                   static_cast<int64_t>(size));
}

arrow::FieldVector Visible(const arrow::Schema& columns) {
  arrow::FieldVector fields;
  for (const auto& field : columns.fields()) {
    if (!IsReservedColumn(field->name()) || field->name() == kRowIdColumn) {
      fields.push_back(field->RemoveMetadata());
    }
  }
  return fields;
}

// Positions in a piece as positions in the whole; -1, a fault that is told later, for those outside
// of the piece.
Result<std::shared_ptr<arrow::Array>> Moved(const arrow::Array& positions, int64_t begin,
                                            int64_t end) {
  const auto& values = static_cast<const arrow::Int64Array&>(positions);
  arrow::Int64Builder moved;
  ARROW_RETURN_NOT_OK(moved.Reserve(values.length()));
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) {
      moved.UnsafeAppendNull();
    } else {
      const int64_t at = values.Value(i);
      moved.UnsafeAppend(at < 0 || at >= end - begin ? -1 : at + begin);
    }
  }
  return moved.Finish();
}

const std::shared_ptr<arrow::DataType>& FailuresType() {
  static const auto* type = new std::shared_ptr<arrow::DataType>(
      arrow::struct_({arrow::field("row", arrow::int64()), arrow::field("rule", arrow::utf8()),
                      arrow::field("message", arrow::utf8())}));
  return *type;
}

}  // namespace

const ConfigValue& NameOf(const Request& request) {
  const ConfigValue* name = request.parameters().Find("operator");
  return name == nullptr ? *request.parameters().Find("entry") : *name;
}

PluginInstance::~PluginInstance() {
  if (state_ == nullptr) return;
  if (library_->host != nullptr) {
    library_->host->Release(state_);
    return;
  }
  if (op_.release == nullptr) return;
  millrace_error ignored = {};
  Guarded([this] { return op_.release(state_), 0; }, &ignored);
}

std::string PluginInstance::Identity() const {
  return (library_->host == nullptr ? "plugin " : "python ") + std::string(op_.name) + ' ' +
         std::to_string(op_.version);
}

Status PluginInstance::Broken(const std::string& what) const {
  const bool host = library_->host != nullptr;
  return MakeError(
      ErrorCode::kPluginFault,
      "operator `" + id_ + "` (`" + op_.name + (host ? "` in Python) " : "` of a plug-in) ") + what,
      host ? "the fault is the operator's, not the rows'"
           : "the fault is the plug-in's, not the rows'");
}

std::shared_ptr<const PluginInstance> PluginInstance::Bind(
    const Request& request, std::shared_ptr<const PluginLibrary> library,
    const millrace_operator& op, const PluginOptions& options) {
  const ConfigValue& name = NameOf(request);
  std::vector<millrace_option> given;
  for (const auto& [key, value] : options) given.push_back({key.c_str(), value.c_str()});
  ArrowSchema columns;
  const Status exported =
      arrow::ExportSchema(*arrow::schema(Visible(*request.columns())), &columns);
  if (!exported.ok()) {
    request.Report(name, exported);
    return nullptr;
  }
  const millrace_request asked = {request.id().c_str(), request.seed(), given.size(), given.data(),
                                  &columns};
  auto bound =
      std::shared_ptr<PluginInstance>(new PluginInstance(request.id(), std::move(library), op));
  millrace_instance said = {};
  millrace_error error = {};
  Status refused;
  int failed = 0;
  if (const auto& host = bound->library_->host) {
    refused = host->Bind(asked, &said);
  } else {
    failed = Guarded([&] { return op.bind(&asked, &said, &error); }, &error);
  }
  if (columns.release != nullptr) columns.release(&columns);
  bound->state_ = said.state;
  if (!refused.ok()) {
    if (said.gives.release != nullptr) said.gives.release(&said.gives);
    request.Report(name, refused);
    return nullptr;
  }
  if (failed != 0) {
    if (said.gives.release != nullptr) said.gives.release(&said.gives);
    error.option[sizeof error.option - 1] = '\0';
    const ConfigValue* written = request.parameters().Find("options");
    const ConfigValue* blamed = written == nullptr ? nullptr : written->Find(error.option);
    request.Report(blamed == nullptr ? name : *blamed, ErrorCode::kBadValue,
                   '`' + std::string(op.name) + "` refuses: " + MessageOf(error));
    return nullptr;
  }
  std::string fault = bound->TakeGives(&said);
  if (fault.empty()) fault = bound->Take(said, *request.columns());
  if (fault.empty()) fault = bound->TakeReasons(said);
  if (fault.empty()) return bound;
  request.Report(name, bound->Broken(fault));
  return nullptr;
}

std::string PluginInstance::Take(const millrace_instance& said, const arrow::Schema& columns) {
  if (said.reads_count > kColumnsMax || (said.reads_count > 0 && said.reads == nullptr)) {
    return "reads a wrong list of columns";
  }
  std::vector<int> read;
  std::set<std::string> seen;
  for (size_t i = 0; i < said.reads_count; ++i) {
    if (!IsName(said.reads[i])) return "reads a column with a name that no column has";
    const std::string name = said.reads[i];
    const int at = columns.GetFieldIndex(name);
    if (at < 0 || (IsReservedColumn(name) && name != kRowIdColumn)) {
      const std::string near = DidYouMean(name, columns.field_names());
      return "reads the column `" + Shown(name) + "`, which does not reach it" +
             (near.empty() ? "" : "; " + near);
    }
    if (!seen.insert(name).second) return "reads the column `" + Shown(name) + "` twice";
    reads_.push_back(name);
    sensitive_ |= IsSensitive(*columns.field(at));
  }
  makes_rows_ = said.makes_rows != 0;
  if (makes_rows_ && op_.kind != MILLRACE_GENERATOR) return "makes rows, and is no generator";
  return "";
}

std::string PluginInstance::TakeGives(millrace_instance* said) {
  if (said->gives.release == nullptr) return "does not say what it gives";
  const auto imported = arrow::ImportSchema(&said->gives);
  if (!imported.ok()) return "gives columns that cannot be read: " + imported.status().message();
  if ((*imported)->num_fields() == 0) return "gives no columns";
  if ((*imported)->num_fields() > static_cast<int>(kColumnsMax)) return "gives too many columns";
  std::set<std::string> seen;
  for (const auto& field : (*imported)->fields()) {
    if (!IsName(field->name().c_str()) || field->name().find('\0') != std::string::npos) {
      return "gives a column with a name that no column may have";
    }
    if (!seen.insert(field->name()).second) {
      return "gives the column `" + Shown(field->name()) + "` twice";
    }
    const auto type = AsColumnType(*field->type());
    if (!type.ok()) {
      return "gives `" + Shown(field->name()) + "` of " + type.status().message();
    }
    gives_.push_back(arrow::field(field->name(), *type));
  }
  given_type_ = arrow::struct_(gives_);
  return "";
}

std::string PluginInstance::TakeReasons(const millrace_instance& said) {
  if (op_.kind != MILLRACE_FILTER) return "";
  if (said.reasons_count == 0 || said.reasons_count > kReasonsMax || said.reasons == nullptr) {
    return "does not say why it drops rows";
  }
  for (size_t i = 0; i < said.reasons_count; ++i) {
    const millrace_reason& reason = said.reasons[i];
    if (!IsStableWord(reason.rule, kRuleBytesMax, true)) {
      return "gives a reason with a rule that is not of a-z, 0-9, _ and .";
    }
    const std::string message = Shown(reason.message);
    if (message.empty()) return "gives a reason without a message";
    reasons_.push_back({reason.rule, "", Shown(reason.threshold), message});
  }
  return "";
}

Result<PluginInstance::Given> PluginInstance::Apply(const arrow::RecordBatch& rows) const {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const std::string& name : reads_) {
    fields.push_back(rows.schema()->GetFieldByName(name)->RemoveMetadata());
    columns.push_back(rows.GetColumnByName(name));
  }
  const auto read = arrow::RecordBatch::Make(arrow::schema(fields), rows.num_rows(), columns);
  if (library_->host == nullptr) return ApplyPiece(read);
  std::vector<arrow::ArrayVector> pieces(gives_.size());
  Given all;
  for (int64_t begin = 0; begin < rows.num_rows(); begin += batch_rows()) {
    ARROW_ASSIGN_OR_RAISE(Given given, ApplyPiece(read->Slice(begin, batch_rows())));
    if (makes_rows_) {
      const int64_t end = std::min(begin + batch_rows(), rows.num_rows());
      ARROW_ASSIGN_OR_RAISE(given.columns[0], Moved(*given.columns[0], begin, end));
    }
    for (size_t i = 0; i < pieces.size(); ++i) pieces[i].push_back(std::move(given.columns[i]));
    for (RowFailure& failure : given.failures) {
      failure.row += begin;
      all.failures.push_back(std::move(failure));
    }
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].size() == 1) {
      all.columns.push_back(std::move(pieces[i][0]));
    } else if (pieces[i].empty()) {
      ARROW_ASSIGN_OR_RAISE(all.columns.emplace_back(), arrow::MakeEmptyArray(gives_[i]->type()));
    } else {
      ARROW_ASSIGN_OR_RAISE(all.columns.emplace_back(), arrow::Concatenate(pieces[i]));
    }
  }
  return all;
}

Status PluginInstance::Call(const std::shared_ptr<arrow::RecordBatch>& rows,
                            millrace_result* result) const {
  if (library_->host != nullptr) return library_->host->Apply(state_, rows, sensitive_, result);
  ArrowArray exported;
  ARROW_RETURN_NOT_OK(arrow::ExportRecordBatch(*rows, &exported));
  millrace_error error = {};
  const int failed = Guarded([&] { return op_.apply(state_, &exported, result, &error); }, &error);
  if (exported.release != nullptr) exported.release(&exported);
  return failed == 0 ? Status::OK() : Broken("failed: " + MessageOf(error));
}

Result<PluginInstance::Given> PluginInstance::ApplyPiece(
    const std::shared_ptr<arrow::RecordBatch>& rows) const {
  millrace_result result = {};
  const Status called = Call(rows, &result);
  if (!called.ok()) {
    for (ArrowArray* array : {&result.given, &result.failures}) {
      if (array->release != nullptr) array->release(array);
    }
    return called;
  }
  Given given;
  Result<RowFailures> failures = Failures(&result.failures, rows->num_rows());
  auto taken = TakeForeign(&result.given, given_type_, makes_rows_ ? kAnyLength : rows->num_rows());
  for (const Status& status : {failures.status(), taken.status()}) {
    if (!status.ok()) return Broken(status.message());
  }
  given.columns = *std::move(taken);
  given.failures = *std::move(failures);
  return given;
}

Result<RowFailures> PluginInstance::Failures(ArrowArray* array, int64_t rows) const {
  RowFailures failures;
  if (array->release == nullptr) return failures;
  ARROW_ASSIGN_OR_RAISE(const auto columns, TakeForeign(array, FailuresType(), kAnyLength));
  for (const auto& column : columns) {
    if (column->null_count() > 0) return Status::Invalid("gave null in its rows that failed");
  }
  const auto& numbers = static_cast<const arrow::Int64Array&>(*columns[0]);
  const auto& rules = static_cast<const arrow::StringArray&>(*columns[1]);
  const auto& messages = static_cast<const arrow::StringArray&>(*columns[2]);
  for (int64_t i = 0; i < numbers.length(); ++i) {
    const int64_t row = numbers.Value(i);
    if (row >= rows || row < 0 || (i > 0 && row <= numbers.Value(i - 1))) {
      return Status::Invalid("failed on a row that is not there, or out of their order");
    }
    const std::string rule = rules.GetString(i);
    if (rule.find('\0') != std::string::npos || !IsStableWord(rule.c_str(), kRuleBytesMax, true)) {
      return Status::Invalid("failed on a row by a rule that is not of a-z, 0-9, _ and .");
    }
    // A message about a column that nobody may see could hold its value.
    failures.push_back(
        {row, rule,
         sensitive_ ? "the plug-in cannot work on the row" : Shown(messages.GetView(i))});
  }
  return failures;
}

}  // namespace millrace::op
