#include "export/prompts/prompt_options.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace millrace::exporting {

const std::vector<std::string>& ShapeNames() {
  static const std::vector<std::string> names = {"text", "prompt_completion", "messages", "alpaca",
                                                 "sharegpt"};
  return names;
}

std::string ShapeName(PromptShape shape) { return ShapeNames()[static_cast<size_t>(shape)]; }

std::optional<PromptShape> ShapeOf(const std::string& name) {
  const auto found = std::find(ShapeNames().begin(), ShapeNames().end(), name);
  if (found == ShapeNames().end()) return std::nullopt;
  return static_cast<PromptShape>(found - ShapeNames().begin());
}

int64_t ApproximateTokens(int64_t utf8_bytes) { return (utf8_bytes + 3) / 4; }

std::string PromptOptionsJson(const PromptOptions& options) {
  nlohmann::ordered_json json = {{"shape", ShapeName(options.shape)}};
  const PromptTemplates& templates = options.templates;
  for (const auto& [name, value] :
       {std::pair{"text", &templates.text}, std::pair{"system", &templates.system},
        std::pair{"prompt", &templates.prompt}, std::pair{"input", &templates.input},
        std::pair{"completion", &templates.completion}}) {
    if (*value) json[name] = (*value)->text();
  }
  if (options.turns) {
    json["turns"] = {{"from", options.turns->from},
                     {"role", options.turns->role},
                     {"content", options.turns->content},
                     {"user", options.turns->user},
                     {"assistant", options.turns->assistant}};
  }
  if (options.split) {
    json["split"] = {{"by", options.split->by},
                     {"validation", options.split->validation},
                     {"test", options.split->test},
                     {"seed", options.split->seed}};
  }
  json["chars_max"] = options.chars_max;
  json["tokens_max"] = options.tokens_max;
  return json.dump();
}

}  // namespace millrace::exporting
