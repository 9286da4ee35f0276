// The pages under docs/operators/ out of the table of operators.
#include "base/config_phrases.h"
#include "op/operator_table.h"

namespace millrace::op {
namespace {

constexpr Kind kKinds[] = {Kind::kScore, Kind::kEvaluator, Kind::kFilter, Kind::kRefiner,
                           Kind::kGenerator};

std::string KindInWords(Kind kind) {
  switch (kind) {
    case Kind::kScore:
      return "measures rows: adds fields `<id>_<name>` and measures `<id>.<name>`, drops nothing";
    case Kind::kEvaluator:
      return "judges rows without consequences: adds findings `eval.<id>_<name>`";
    case Kind::kFilter:
      return "drops rows, or tags them with `action: tag`; changes none";
    case Kind::kRefiner:
      return "changes, adds, renames or removes columns; drops no row but what it cannot compute";
    case Kind::kGenerator:
      return "adds columns, or replaces rows by children made of them";
  }
  return "";
}

const ObjectSpec& SpecOf(const OperatorType& type) {
  for (const ObjectSpec* spec : OperatorSpec().variants) {
    if (spec->type_value == type.name) return *spec;
  }
  MILLRACE_CHECK(false);
}

}  // namespace

std::string OperatorMarkdown(const OperatorType& type) {
  const std::string kind =
      type.any_kind ? "as it says itself, and it may do what that kind may"
                    : "`" + std::string(KindName(type.kind)) + "`: it " + KindInWords(type.kind);
  std::string out = "# " + type.name + "\n\n" + type.doc + "\n\n- Kind: " + kind +
                    "\n- Version: " + std::to_string(type.version) + '\n';
  if (!type.columns_doc.empty()) out += "- Columns: " + type.columns_doc + '\n';
  if (type.global) {
    out += "- Global: it must know of all rows that reach it, so the stage looks at them first\n";
  }
  if (type.draws) {
    out += "- The rows it leaves out count as `not_drawn` in the row equation, not as rejected\n";
  }
  if (!type.reproducible) {
    out += "- Not reproducible by nature: the same row may give another result another time\n";
  }
  if (!type.source.empty()) out += "- Method: " + type.source + '\n';
  out += "\n## Parameters\n\n" + FieldsMarkdown(SpecOf(type).fields, type.name);
  if (!type.example.empty()) out += "\n## Example\n\n```yaml\n- " + type.example + "\n```\n";
  return out;
}

std::string OperatorsMarkdown() {
  std::string out =
      "# Operators\n\nWhat can stand under `operators:` of a stage ([../stages.md](../stages.md)). "
      "`millrace operators NAME` shows the same as the page of an operator.\n\n";
  for (const Kind kind : kKinds) {
    out += "- **" + std::string(KindName(kind)) + "**: " + KindInWords(kind) + '\n';
  }
  out += "\n| Operator | Kind | Does |\n| --- | --- | --- |\n";
  for (const OperatorType& type : Operators()) {
    out += "| [" + type.name + "](" + type.name + ".md) | " +
           (type.any_kind ? "any" : std::string(KindName(type.kind))) + " | " +
           MarkdownCell(type.doc) + " |\n";
  }
  return out;
}

}  // namespace millrace::op
