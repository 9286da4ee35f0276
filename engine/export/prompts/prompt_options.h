// What a `prompts` export makes of a row: value types, no behaviour. docs/prompts.md explains them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "expr/template.h"

namespace millrace::exporting {

/// The shapes that trainers read; docs/prompts.md shows one line of each.
enum class PromptShape { kText, kPromptCompletion, kMessages, kAlpaca, kShareGpt };

/// "messages"
std::string ShapeName(PromptShape shape);
std::optional<PromptShape> ShapeOf(const std::string& name);
const std::vector<std::string>& ShapeNames();

/// The templates of a prompt, by the name they have in a config.
struct PromptTemplates {
  std::optional<expr::Template> text, system, prompt, input, completion;
};

/// Where the earlier turns of a conversation come from; at most one of the two forms.
struct PromptTurns {
  // One list column: of structs with a role and a content, or of texts by user and assistant in
  // turn.
  std::string from;
  std::string role = "role", content = "content";
  // Two list columns of texts, taken in pairs.
  std::string user, assistant;
};

/// Rows go to `validation` and `test` by a keyed hash of a column, and else to `train`: rows that
/// agree in it stay together, whatever else is in the data.
struct PromptSplit {
  std::string by;
  double validation = 0, test = 0;  // shares of 1
  uint64_t seed = 0;
};

struct PromptOptions {
  PromptShape shape = PromptShape::kMessages;
  PromptTemplates templates;
  std::optional<PromptTurns> turns;
  std::optional<PromptSplit> split;
  int64_t chars_max = 0;   // code points of all texts of a prompt; 0: no limit
  int64_t tokens_max = 0;  // likewise, by ApproximateTokens
};

/// An approximation by a rule of thumb, and no more: a token for every four bytes of UTF-8, rounded
/// up. English text has about that many under the vocabularies in use.
int64_t ApproximateTokens(int64_t utf8_bytes);

/// Canonical JSON of all that shapes the output, for the release's id.
std::string PromptOptionsJson(const PromptOptions& options);

}  // namespace millrace::exporting
