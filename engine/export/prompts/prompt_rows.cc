#include "export/prompts/prompt_rows.h"

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>
#include <xxhash.h>

#include <cmath>
#include <map>
#include <set>

#include "base/reserved_columns.h"
#include "base/utf8.h"
#include "export/json_rows.h"
#include "export/prompts/conversation.h"
#include "export/prompts/row_values.h"

namespace millrace::exporting {
namespace {

using Texts = std::shared_ptr<arrow::StringArray>;

constexpr int kRejected = -1;

bool IsChat(PromptShape shape) {
  return shape == PromptShape::kMessages || shape == PromptShape::kShareGpt;
}

/// The columns of a shape that is not a chat: the name, and the template they are made from.
struct ShapeColumn {
  const char* name;
  const char* part;
};
std::vector<ShapeColumn> ColumnsOf(PromptShape shape) {
  switch (shape) {
    case PromptShape::kText:
      return {{"text", "text"}};
    case PromptShape::kPromptCompletion:
      return {{"prompt", "prompt"}, {"completion", "completion"}};
    case PromptShape::kAlpaca:
      return {{"instruction", "prompt"}, {"input", "input"}, {"output", "completion"}};
    default:
      return {};
  }
}

std::vector<std::pair<const char*, const std::optional<expr::Template>*>> Named(
    const PromptTemplates& templates) {
  return {{"text", &templates.text},
          {"system", &templates.system},
          {"prompt", &templates.prompt},
          {"input", &templates.input},
          {"completion", &templates.completion}};
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

/// A batch on its way through: rendered once, then looked at row by row.
class BatchBuild {
 public:
  BatchBuild(const PromptOptions& options, const arrow::RecordBatch& rows)
      : options_(options), rows_(rows) {}

  Status Run() {
    const RowValues values(rows_);
    for (const auto& [name, text] : Named(options_.templates)) {
      if (!*text) continue;
      ARROW_ASSIGN_OR_RAISE(rendered_[name], (*text)->Render(values, rows_.num_rows()));
    }
    if (options_.turns) {
      ARROW_ASSIGN_OR_RAISE(turns_, TurnReader::Open(*options_.turns, rows_));
    }
    ARROW_RETURN_NOT_OK(OpenSplit());
    if (IsChat(options_.shape)) ARROW_RETURN_NOT_OK(OpenConversations());
    ids_ = std::static_pointer_cast<arrow::StringArray>(
        rows_.GetColumnByName(std::string(kRowIdColumn)));
    std::vector<Message> messages;
    for (int64_t row = 0; row < rows_.num_rows(); ++row) {
      messages.clear();
      std::optional<PromptReject> reject = Judge(row, &messages);
      if (IsChat(options_.shape)) ARROW_RETURN_NOT_OK(AppendConversation(messages, !reject));
      split_of_row.push_back(reject ? kRejected : SplitOf(row));
      if (!reject) continue;
      if (ids_) reject->row_id = ids_->GetString(row);
      rejects.push_back(std::move(*reject));
    }
    return Status::OK();
  }

  Result<arrow::ArrayVector> ShapeColumns() {
    arrow::ArrayVector columns;
    if (IsChat(options_.shape)) {
      ARROW_ASSIGN_OR_RAISE(auto conversations, conversations_->Finish());
      return arrow::ArrayVector{std::move(conversations)};
    }
    for (const ShapeColumn& column : ColumnsOf(options_.shape)) {
      const auto found = rendered_.find(column.part);
      if (found != rendered_.end()) {
        columns.push_back(found->second);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(
          auto nothing,
          arrow::MakeArrayFromScalar(arrow::StringScalar(std::string()), rows_.num_rows()));
      columns.push_back(std::move(nothing));
    }
    return columns;
  }

  std::vector<int> split_of_row;
  std::vector<PromptReject> rejects;

 private:
  Status OpenSplit() {
    if (!options_.split) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(split_by_, JsonColumn::Make(rows_.GetColumnByName(options_.split->by)));
    return Status::OK();
  }

  // The hash as a number from 0 to 1: the first shares are test's, then validation's.
  int SplitOf(int64_t row) const {
    if (!options_.split) return 0;
    std::string text;
    split_by_.AppendText(row, &text);
    const uint64_t hash = XXH3_64bits_withSeed(text.data(), text.size(), options_.split->seed);
    const double place = std::ldexp(static_cast<double>(hash >> 11), -53);
    if (place < options_.split->test) return 2;
    return place < options_.split->test + options_.split->validation ? 1 : 0;
  }

  Status OpenConversations() {
    std::unique_ptr<arrow::ArrayBuilder> builder;
    ARROW_RETURN_NOT_OK(arrow::MakeBuilder(arrow::default_memory_pool(),
                                           ConversationType(options_.shape), &builder));
    conversations_.reset(static_cast<arrow::ListBuilder*>(builder.release()));
    message_ = static_cast<arrow::StructBuilder*>(conversations_->value_builder());
    role_ = static_cast<arrow::StringBuilder*>(message_->field_builder(0));
    content_ = static_cast<arrow::StringBuilder*>(message_->field_builder(1));
    return Status::OK();
  }

  Status AppendConversation(const std::vector<Message>& messages, bool accepted) {
    if (!accepted) return conversations_->AppendNull();
    ARROW_RETURN_NOT_OK(conversations_->Append());
    for (const Message& message : messages) {
      ARROW_RETURN_NOT_OK(message_->Append());
      ARROW_RETURN_NOT_OK(role_->Append(RoleName(message.role, options_.shape)));
      ARROW_RETURN_NOT_OK(content_->Append(message.content));
    }
    return Status::OK();
  }

  // Fills in what the row is made of, and says why it must not pass.
  std::optional<PromptReject> Judge(int64_t row, std::vector<Message>* messages) const {
    if (const Texts text = RenderedAs("system"); text && !IsBlank(text->GetView(row))) {
      messages->push_back({Role::kSystem, text->GetView(row), "system"});
    }
    if (turns_) {
      const std::string wrong = turns_->Append(row, messages);
      if (!wrong.empty()) return Reject("prompt.turns", "turns", wrong);
    }
    for (const auto& [name, role] :
         {std::pair{"text", Role::kAssistant}, std::pair{"prompt", Role::kUser},
          std::pair{"input", Role::kUser}, std::pair{"completion", Role::kAssistant}}) {
      if (const Texts text = RenderedAs(name)) {
        messages->push_back({role, text->GetView(row), name});
      }
    }
    for (const Message& message : *messages) {
      if (IsBlank(message.content) && std::string_view(message.part) != "input") {
        return Reject("prompt.empty", message.part, "it is empty");
      }
    }
    if (IsChat(options_.shape)) {
      const std::string wrong = CheckOrder(*messages);
      if (!wrong.empty()) return Reject("prompt.turns", "turns", wrong);
    }
    return JudgeLength(*messages);
  }

  std::optional<PromptReject> JudgeLength(const std::vector<Message>& messages) const {
    int64_t chars = 0, bytes = 0;
    for (const Message& message : messages) {
      chars += CodePoints(message.content);
      bytes += static_cast<int64_t>(message.content.size());
    }
    const int64_t tokens = ApproximateTokens(bytes);
    if (options_.chars_max > 0 && chars > options_.chars_max) {
      return TooLong(chars, options_.chars_max, "characters");
    }
    if (options_.tokens_max > 0 && tokens > options_.tokens_max) {
      return TooLong(tokens, options_.tokens_max, "tokens (approximately)");
    }
    return std::nullopt;
  }

  static PromptReject TooLong(int64_t measured, int64_t threshold, const std::string& unit) {
    PromptReject reject = Reject("prompt.too_long", "", "it has too many " + unit);
    reject.measured = measured;
    reject.threshold = threshold;
    return reject;
  }
  static PromptReject Reject(const char* rule, const char* part, const std::string& message) {
    PromptReject reject;
    reject.rule = rule;
    reject.part = part;
    reject.message = message;
    return reject;
  }

  Texts RenderedAs(const std::string& part) const {
    const auto found = rendered_.find(part);
    return found == rendered_.end() ? nullptr : found->second;
  }

  const PromptOptions& options_;
  const arrow::RecordBatch& rows_;
  std::map<std::string, Texts> rendered_;
  std::unique_ptr<TurnReader> turns_;
  JsonColumn split_by_;
  Texts ids_;
  std::unique_ptr<arrow::ListBuilder> conversations_;
  arrow::StructBuilder* message_ = nullptr;
  arrow::StringBuilder *role_ = nullptr, *content_ = nullptr;
};

Result<std::shared_ptr<arrow::RecordBatch>> RowsOfSplit(const arrow::RecordBatch& all,
                                                        const std::vector<int>& split_of_row,
                                                        int split) {
  arrow::Int64Builder rows;
  for (size_t row = 0; row < split_of_row.size(); ++row) {
    if (split_of_row[row] == split) ARROW_RETURN_NOT_OK(rows.Append(static_cast<int64_t>(row)));
  }
  ARROW_ASSIGN_OR_RAISE(auto indices, rows.Finish());
  arrow::ArrayVector columns;
  for (const auto& column : all.columns()) {
    ARROW_ASSIGN_OR_RAISE(auto taken, arrow::compute::Take(*column, *indices));
    columns.push_back(std::move(taken));
  }
  return arrow::RecordBatch::Make(all.schema(), indices->length(), std::move(columns));
}

Diagnostic ColumnProblem(ErrorCode code, std::string message, std::string suggestion = "") {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.suggestion = std::move(suggestion);
  return diagnostic;
}

Diagnostic NoColumn(const std::string& name, const arrow::Schema& schema) {
  return ColumnProblem(ErrorCode::kMissingColumn, "there is no column `" + name + "`",
                       DidYouMean(name, schema.field_names()));
}

}  // namespace

std::vector<PromptProblem> CheckPromptOptions(const PromptOptions& options,
                                              const arrow::Schema& schema) {
  std::vector<PromptProblem> problems;
  for (const auto& [name, text] : Named(options.templates)) {
    if (!*text) continue;
    for (Diagnostic& problem : CheckTemplate(**text, schema)) {
      problems.push_back({name, std::move(problem)});
    }
  }
  if (options.turns) {
    const std::string wrong = CheckTurns(*options.turns, schema);
    if (!wrong.empty()) {
      problems.push_back({"turns", ColumnProblem(ErrorCode::kUnknownReference, wrong)});
    }
  }
  if (options.split && schema.GetFieldIndex(options.split->by) < 0) {
    problems.push_back({"split", NoColumn(options.split->by, schema)});
  }
  return problems;
}

Result<PromptBuilder> PromptBuilder::Make(const ExportOptions& options,
                                          const std::shared_ptr<arrow::Schema>& input) {
  MILLRACE_CHECK(options.prompts != nullptr);
  ARROW_RETURN_NOT_OK(arrow::compute::Initialize());  // the filters are its functions
  PromptBuilder builder;
  builder.options_ = options.prompts;
  const PromptOptions& prompts = *options.prompts;
  std::vector<Diagnostic> problems;
  for (PromptProblem& problem : CheckPromptOptions(prompts, *input)) {
    problem.diagnostic.message = "the export \"" + options.name + "\", `" + problem.option +
                                 "`: " + problem.diagnostic.message;
    problems.push_back(std::move(problem.diagnostic));
  }
  std::set<std::string> wanted(options.columns.begin(), options.columns.end());
  for (const std::string& name : options.columns) {
    if (input->GetFieldIndex(name) < 0) problems.push_back(NoColumn(name, *input));
  }
  if (!problems.empty()) return MakeError(std::move(problems));

  builder.kept_ = options.columns;
  const std::string row_id(kRowIdColumn);
  if (options.provenance && input->GetFieldIndex(row_id) >= 0) builder.kept_.push_back(row_id);
  wanted.insert(row_id);  // for the rejects
  for (const auto& [name, text] : Named(prompts.templates)) {
    if (!*text) continue;
    for (std::string& column : ColumnsOf(**text, *input)) wanted.insert(std::move(column));
  }
  if (prompts.turns) {
    for (std::string& column : ColumnsOf(*prompts.turns)) wanted.insert(std::move(column));
  }
  if (prompts.split) wanted.insert(prompts.split->by);
  for (int i = 0; i < input->num_fields(); ++i) {
    if (wanted.count(input->field(i)->name()) > 0) builder.positions_.push_back(i);
  }

  arrow::FieldVector fields;
  if (prompts.shape == PromptShape::kMessages) {
    fields.push_back(arrow::field("messages", ConversationType(prompts.shape)));
  } else if (prompts.shape == PromptShape::kShareGpt) {
    fields.push_back(arrow::field("conversations", ConversationType(prompts.shape)));
  }
  for (const ShapeColumn& column : ColumnsOf(prompts.shape)) {
    fields.push_back(arrow::field(column.name, arrow::utf8()));
  }
  for (const std::string& name : builder.kept_) {
    for (const auto& field : fields) {
      if (field->name() != name) continue;
      return MakeError(ErrorCode::kDuplicateName, "the export \"" + options.name +
                                                      "\" makes a field `" + name +
                                                      "` and keeps a column of that name");
    }
  }
  for (const std::string& name : builder.kept_) fields.push_back(input->GetFieldByName(name));
  builder.schema_ = arrow::schema(std::move(fields));
  return builder;
}

Result<PromptBatch> PromptBuilder::Build(const arrow::RecordBatch& rows) const {
  BatchBuild build(*options_, rows);
  ARROW_RETURN_NOT_OK(build.Run());
  ARROW_ASSIGN_OR_RAISE(arrow::ArrayVector columns, build.ShapeColumns());
  for (const std::string& name : kept_) columns.push_back(rows.GetColumnByName(name));
  const auto all = arrow::RecordBatch::Make(schema_, rows.num_rows(), std::move(columns));
  PromptBatch batch;
  for (size_t split = 0; split < batch.splits.size(); ++split) {
    ARROW_ASSIGN_OR_RAISE(batch.splits[split],
                          RowsOfSplit(*all, build.split_of_row, static_cast<int>(split)));
  }
  batch.rejects = std::move(build.rejects);
  return batch;
}

}  // namespace millrace::exporting
