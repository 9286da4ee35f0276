#include "pipeline/config/prompts.h"

#include <algorithm>
#include <array>

#include "export/prompts/prompt_rows.h"

namespace millrace::pipeline {
namespace {

using exporting::PromptShape;

/// Which options a shape has, and which of them it cannot do without.
struct ShapeUse {
  std::vector<const char*> required, allowed;
};

ShapeUse UseOf(PromptShape shape, bool has_turns) {
  switch (shape) {
    case PromptShape::kText:
      return {{"text"}, {"text"}};
    case PromptShape::kPromptCompletion:
      return {{"prompt", "completion"}, {"prompt", "completion"}};
    case PromptShape::kAlpaca:
      return {{"prompt", "completion"}, {"prompt", "input", "completion"}};
    default:
      break;
  }
  // The turns may be the whole conversation.
  if (has_turns) return {{}, {"system", "turns", "prompt", "completion"}};
  return {{"prompt", "completion"}, {"system", "turns", "prompt", "completion"}};
}

bool Contains(const std::vector<const char*>& names, const std::string& name) {
  return std::any_of(names.begin(), names.end(), [&](const char* n) { return name == n; });
}

class PromptsBuild {
 public:
  PromptsBuild(const ConfigValue& value, ConfigProblems* problems)
      : value_(value), problems_(problems) {}

  std::shared_ptr<const exporting::PromptOptions> Run(uint64_t seed, const arrow::Schema* rows) {
    auto options = std::make_shared<exporting::PromptOptions>();
    const std::optional<PromptShape> shape = exporting::ShapeOf(value_.Text("shape"));
    if (!shape) return options;  // reported already
    options->shape = *shape;
    exporting::PromptTemplates& templates = options->templates;
    templates.text = BuildTemplate("text");
    templates.system = BuildTemplate("system");
    templates.prompt = BuildTemplate("prompt");
    templates.input = BuildTemplate("input");
    templates.completion = BuildTemplate("completion");
    if (const ConfigValue* turns = value_.Find("turns")) options->turns = BuildTurns(*turns);
    if (const ConfigValue* split = value_.Find("split")) options->split = BuildSplit(*split, seed);
    options->chars_max = value_.Integer("max_chars");
    options->tokens_max = value_.Integer("max_tokens_approx");
    CheckUse(*shape);
    if (rows != nullptr) CheckColumns(*options, *rows);
    return options;
  }

 private:
  std::optional<expr::Template> BuildTemplate(const char* key) {
    const ConfigValue* text = value_.Find(key);
    if (text == nullptr) return std::nullopt;
    Result<expr::Template> parsed = expr::Template::Parse(text->text);
    if (parsed.ok()) return *std::move(parsed);
    for (const Diagnostic& problem : DiagnosticsOf(parsed.status())) {
      problems_->AddInside(*text, problem);
    }
    return std::nullopt;
  }

  std::optional<exporting::PromptTurns> BuildTurns(const ConfigValue& value) {
    exporting::PromptTurns turns;
    turns.from = value.Text("from");
    turns.role = value.Text("role");
    turns.content = value.Text("content");
    turns.user = value.Text("user");
    turns.assistant = value.Text("assistant");
    const bool pair = !turns.user.empty() && !turns.assistant.empty();
    const bool half = turns.user.empty() != turns.assistant.empty();
    if (half || pair == !turns.from.empty()) {
      problems_->Add(ErrorCode::kBadValue, value.span,
                     "turns come from one list column or from two in pairs",
                     "give `from`, or `user` and `assistant`");
      return std::nullopt;
    }
    return turns;
  }

  exporting::PromptSplit BuildSplit(const ConfigValue& value, uint64_t seed) {
    exporting::PromptSplit split;
    split.by = value.Text("by");
    split.seed = seed;
    if (const ConfigValue* share = value.Find("validation")) split.validation = share->number;
    if (const ConfigValue* share = value.Find("test")) split.test = share->number;
    if (split.validation + split.test > 1) {
      problems_->Add(ErrorCode::kBadValue, value.span,
                     "the shares of validation and test are more than 1");
    }
    return split;
  }

  void CheckUse(PromptShape shape) {
    const ShapeUse use = UseOf(shape, value_.IsWritten("turns"));
    const std::string name = exporting::ShapeName(shape);
    for (const char* key : use.required) {
      if (value_.IsWritten(key)) continue;
      const ConfigValue* place = value_.Find("shape");
      problems_->Add(ErrorCode::kMissingKey, place->span,
                     "the shape `" + name + "` needs `" + key + "`");
    }
    for (const char* key : {"text", "system", "prompt", "input", "completion", "turns"}) {
      const ConfigValue* member = value_.Find(key);
      if (member == nullptr || Contains(use.allowed, key)) continue;
      problems_->Add(ErrorCode::kUnknownKey, member->span,
                     "the shape `" + name + "` has no `" + std::string(key) + "`");
    }
  }

  void CheckColumns(const exporting::PromptOptions& options, const arrow::Schema& rows) {
    for (exporting::PromptProblem& problem : exporting::CheckPromptOptions(options, rows)) {
      const ConfigValue* place = value_.Find(problem.option);
      if (problem.option == "split") place = place->Find("by");
      problem.diagnostic.code = ErrorCode::kUnknownReference;
      problems_->AddInside(*place, std::move(problem.diagnostic));
    }
  }

  const ConfigValue& value_;
  ConfigProblems* problems_;
};

}  // namespace

std::shared_ptr<const exporting::PromptOptions> BuildPrompts(const ConfigValue& value,
                                                             uint64_t seed,
                                                             const arrow::Schema* rows,
                                                             ConfigProblems* problems) {
  return PromptsBuild(value, problems).Run(seed, rows);
}

}  // namespace millrace::pipeline
