// Rows into prompts, a batch at a time: renders the templates, joins the turns of a conversation,
// rejects what no trainer should see, and says which split each prompt belongs to.
// Thread-safety: a PromptBuilder is immutable; Build is pure.
#pragma once

#include <arrow/record_batch.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "export/export.h"
#include "export/prompts/prompt_options.h"

namespace millrace::exporting {

inline constexpr std::array<const char*, 3> kSplitNames = {"train", "validation", "test"};

/// A row that made no prompt. Holds no value of the row.
struct PromptReject {
  std::string row_id;
  std::string rule;  // "prompt.empty", "prompt.too_long", "prompt.turns"
  std::string part;  // "prompt", "completion", "turns", ...; "" for the whole
  int64_t measured = -1, threshold = -1;
  std::string message;
};

struct PromptBatch {
  std::array<std::shared_ptr<arrow::RecordBatch>, kSplitNames.size()> splits;  // in row order
  std::vector<PromptReject> rejects;                                           // likewise
};

class PromptBuilder {
 public:
  /// MissingColumn, BadExpression or BadValue with every problem of the options over the rows'
  /// schema; the spans lie within the templates.
  static Result<PromptBuilder> Make(const ExportOptions& options,
                                    const std::shared_ptr<arrow::Schema>& input);

  /// Positions in the input's schema of the columns that Build wants, ascending.
  const std::vector<int>& positions() const { return positions_; }
  /// Of the prompts: the shape's columns, then the further ones that the options name, then the
  /// row id if it is wanted.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// `rows` has the columns at positions(), in their order.
  Result<PromptBatch> Build(const arrow::RecordBatch& rows) const;

 private:
  std::shared_ptr<const PromptOptions> options_;
  std::vector<int> positions_;
  std::vector<std::string> kept_;  // columns that pass as they are
  std::shared_ptr<arrow::Schema> schema_;
};

/// Every problem of the prompt options over the rows' schema, by the name of the option
/// ("prompt", "turns", "split"); a template's have their span within it.
struct PromptProblem {
  std::string option;
  Diagnostic diagnostic;
};
std::vector<PromptProblem> CheckPromptOptions(const PromptOptions& options,
                                              const arrow::Schema& schema);

}  // namespace millrace::exporting
