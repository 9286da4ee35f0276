#include "pipeline/column_check.h"

#include <algorithm>
#include <set>

#include "base/task_pool.h"
#include "contract/binding.h"
#include "pipeline/machine_limits.h"
#include "source/sniff_format.h"
#include "stage/ordered_tasks.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kProblemsPerSourceMax = 20;

class SourceCheck {
 public:
  SourceCheck(const PipelineConfig& config, const SourceConfig& source,
              const contract::Contract& contract)
      : config_(config), source_(source), contract_(contract) {}

  Status Check(const source::FileSource& files) {
    ARROW_ASSIGN_OR_RAISE(const auto binding, contract::Bind(contract_, source_.name));
    const std::vector<io::FieldRequest>& wanted = binding->projection().fields;
    TaskPool pool(std::min(DefaultThreads(), static_cast<int>(files.files.size()) + 1));
    size_t next = 0;
    const Status checked = stage::ForEachInOrder<Head>(
        pool, files.files.size(),
        [&](size_t i) -> Result<Head> {
          Head head;
          head.status = SchemaOfFile(files, files.files[i], wanted).Value(&head.schema);
          return head;
        },
        [&](const Head& head) -> Status {
          const std::string& file = files.files[next++].key;
          if (!head.status.ok()) {
            Report(head.status, source_.path_span, file);
          } else if (head.schema->num_fields() > 0 && !source::ColumnsVary(source_.format)) {
            ARROW_RETURN_NOT_OK(CheckFile(*head.schema, file));
          }
          return HasEnough() ? Status::Cancelled("enough") : Status::OK();
        });
    return HasEnough() ? Status::OK() : checked;
  }

  std::vector<Diagnostic> TakeProblems() { return std::move(problems_); }

 private:
  /// What a file begins with.
  struct Head {
    Status status;
    std::shared_ptr<arrow::Schema> schema;
  };

  bool HasEnough() const { return problems_.size() >= kProblemsPerSourceMax; }

  // One column at a time where the whole does not bind, so that each problem has its place.
  Status CheckFile(const arrow::Schema& schema, const std::string& file) {
    if (Fits(contract_, schema).ok()) return Status::OK();
    const size_t before = problems_.size();
    for (const contract::Column& column : contract_.columns) {
      contract::Contract alone = contract_;
      alone.columns = {column};
      alone.unknown_columns = contract::UnknownColumns::kDrop;
      const auto from = contract::FromOf(column, source_.name);
      const SourceSpan span = from != nullptr && from->span.known() ? from->span : column.span;
      Report(Fits(alone, schema), span, file);
    }
    if (problems_.size() == before) Report(Fits(contract_, schema), source_.span, file);
    return Status::OK();
  }

  Status Fits(const contract::Contract& contract, const arrow::Schema& schema) const {
    ARROW_ASSIGN_OR_RAISE(auto binding, contract::Bind(contract, source_.name));
    return binding->BindFile(schema);
  }

  void Report(const Status& status, const SourceSpan& span, const std::string& file) {
    if (status.ok()) return;
    for (Diagnostic& problem : DiagnosticsOf(status)) {
      if (!told_.insert({span.line, span.column, problem.message}).second) continue;
      if (problem.message.find(file) == std::string::npos) {
        problem.message += " (in `" + file + "` of source `" + source_.name + "`)";
      }
      const bool placed = problem.code == ErrorCode::kBadExpression && problem.span.known();
      SetPlace(problem, config_, placed ? SourceSpan(problem.span) : span);
      problems_.push_back(std::move(problem));
    }
  }

  const PipelineConfig& config_;
  const SourceConfig& source_;
  const contract::Contract& contract_;
  std::set<std::tuple<int, int, std::string>> told_;
  std::vector<Diagnostic> problems_;
};

}  // namespace

Status CheckColumns(const PipelineConfig& config, const InputFiles& inputs,
                    const TableContracts& tables) {
  std::vector<Diagnostic> problems;
  for (size_t i = 0; i < inputs.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(std::vector<Diagnostic> of_source,
                          ColumnProblems(config, config.sources[i], inputs[i], tables.OfSource(i)));
    for (Diagnostic& problem : of_source) problems.push_back(std::move(problem));
  }
  if (!problems.empty()) return MakeError(std::move(problems));
  return Status::OK();
}

Result<std::vector<Diagnostic>> ColumnProblems(const PipelineConfig& config,
                                               const SourceConfig& source,
                                               const source::FileSource& files,
                                               const contract::Contract& contract) {
  SourceCheck check(config, source, contract);
  ARROW_RETURN_NOT_OK(check.Check(files));
  return check.TakeProblems();
}

}  // namespace millrace::pipeline
