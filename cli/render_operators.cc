#include "cli/render.h"
#include "cli/terminal.h"
#include "cli/text_table.h"

namespace millrace::cli {
namespace {

// Lines of at most 100 columns, each behind `indent`.
std::string Wrapped(const std::string& text, const std::string& indent) {
  std::string out, line = indent;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    const bool first = line.size() == indent.size();
    if (!first && line.size() + 1 + word.size() > 100) {
      out += line + '\n';
      line = indent + word;
    } else {
      line += (first ? "" : " ") + word;
    }
    at = end + 1;
  }
  return out + line + '\n';
}

std::string Title(const std::string& text) { return "\n" + Styled(Style::kBold, text) + "\n"; }

}  // namespace

std::string RenderOperators(const std::vector<OperatorDescription>& descriptions) {
  TextTable table({{"operator"}, {"kind"}, {"does", Align::kLeft, 100}});
  for (const OperatorDescription& one : descriptions) {
    std::string does = one.doc.substr(0, one.doc.find(". "));
    if (!does.empty() && does.back() == '.') does.pop_back();
    table.Add({one.name, one.kind, does});
  }
  return table.Render();
}

std::string RenderOperator(const OperatorDescription& one) {
  std::string out = Styled(Style::kBold, one.name) + "  " + one.kind + ", version " +
                    std::to_string(one.version) + (one.global ? ", global" : "") +
                    (one.reproducible ? "" : ", not reproducible") + "\n" + Wrapped(one.doc, "  ");
  if (!one.columns.empty()) out += Title("Columns") + Wrapped(one.columns, "  ");
  if (!one.method.empty()) out += Title("Method") + Wrapped(one.method, "  ");
  out += Title("Parameters");
  for (const OperatorDescription::Parameter& parameter : one.parameters) {
    out += "  " + parameter.name + ": " + parameter.value +
           (parameter.required           ? "; required"
            : parameter.fallback.empty() ? ""
                                         : "; default " + parameter.fallback) +
           "\n" + Wrapped(parameter.doc, "    ");
  }
  if (!one.example.empty()) out += Title("Example") + "  - " + one.example + "\n";
  return out;
}

}  // namespace millrace::cli
