// plugin: an operator of a shared library. python: one of the Python program around the engine.
#include <algorithm>

#include "op/operator_list.h"
#include "op/plugin/plugin_instance.h"
#include "op/plugin/plugin_kinds.h"
#include "op/plugin/plugin_table.h"

namespace millrace::op {
namespace {

// What is set and what is not, in the order of the operator's table; reported when it does not fit.
PluginOptions OptionsOf(const Request& request, const millrace_operator& op) {
  const ConfigValue* written = request.parameters().Find("options");
  std::vector<std::string> known;
  PluginOptions options;
  for (size_t i = 0; i < op.options_count; ++i) {
    const millrace_option_spec& spec = op.options[i];
    known.emplace_back(spec.name);
    const ConfigValue* value = written == nullptr ? nullptr : written->Find(spec.name);
    if (value != nullptr) {
      if (value->text.find('\0') != std::string::npos) {
        request.Report(*value, ErrorCode::kBadValue, "an option cannot hold a zero byte");
      }
      options.emplace_back(spec.name, value->text);
    } else if (spec.fallback != nullptr) {
      options.emplace_back(spec.name, spec.fallback);
    } else {
      request.Report("options", ErrorCode::kMissingKey,
                     '`' + std::string(op.name) + "` needs the option `" + spec.name + '`');
    }
  }
  if (written == nullptr) return options;
  for (const auto& [name, value] : written->members) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    request.Report(value, ErrorCode::kUnknownKey,
                   '`' + std::string(op.name) + "` has no option `" + name + '`',
                   DidYouMean(name, known));
  }
  return options;
}

// `action` and `rejects` are a filter's.
void CheckFilterFields(const Request& request, Kind kind) {
  if (kind == Kind::kFilter) return;
  for (const char* key : {"action", "rejects"}) {
    const ConfigValue* value = request.parameters().Find(key);
    if (value == nullptr || value->node == nullptr) continue;
    if (value->text == (key[0] == 'a' ? "drop" : "full")) continue;  // a resolved config has them
    request.Report(*value, ErrorCode::kBadValue,
                   '`' + std::string(key) + "` is for filters, and this operator is a " +
                       std::string(KindName(kind)));
  }
}

std::shared_ptr<const Operator> MakeOf(const Request& request,
                                       std::shared_ptr<const PluginLibrary> library,
                                       const millrace_operator& op) {
  CheckFilterFields(request, static_cast<Kind>(op.kind - MILLRACE_SCORE));
  const PluginOptions options = OptionsOf(request, op);
  if (!request.ready()) return nullptr;
  auto instance = PluginInstance::Bind(request, std::move(library), op, options);
  return instance == nullptr ? nullptr : MakePluginOperator(request, std::move(instance));
}

std::shared_ptr<const Operator> Make(const Request& request) {
  const ConfigValue* path = request.parameters().Find("library");
  const ConfigValue* name = request.parameters().Find("operator");
  if (path == nullptr || name == nullptr || request.resources() == nullptr) return nullptr;
  const auto library = request.resources()->LoadPlugin(path->text);
  if (!library.ok()) {
    request.Report(*path, library.status());
    return nullptr;
  }
  const millrace_plugin_table& table = *(*library)->table;
  const millrace_operator* op = FindPluginOperator(table, name->text);
  if (op == nullptr) {
    const auto known = PluginOperatorNames(table);
    std::string help = DidYouMean(name->text, known);
    if (help.empty()) {
      for (const std::string& other : known) {
        help += (help.empty() ? "it has `" : "`, `") + other;
      }
      help += '`';
    }
    request.Report(*name, ErrorCode::kPluginFault,
                   '`' + path->text + "` has no operator `" + name->text + '`', help);
    return nullptr;
  }
  return MakeOf(request, *library, *op);
}

std::shared_ptr<const Operator> MakeOfHost(const Request& request) {
  const ConfigValue* entry = request.parameters().Find("entry");
  if (entry == nullptr || request.resources() == nullptr) return nullptr;
  auto found = request.resources()->FindHostOperator(entry->text);
  if (!found.ok()) {
    request.Report(*entry, found.status());
    return nullptr;
  }
  auto library = std::make_shared<PluginLibrary>();
  library->host = *std::move(found);
  const millrace_operator& op = library->host->entry();
  return MakeOf(request, std::move(library), op);
}

}  // namespace

OperatorType Plugin() {
  OperatorType type;
  type.name = "plugin";
  type.any_kind = true;
  type.doc =
      "An operator of a shared library of your own (docs/guides/plugins.md). Its kind is what the "
      "library says; what it gives is checked like that of any operator of that kind, and the "
      "library's content is part of what the stage is.";
  type.columns_doc = "what its kind may and the library says";
  type.example =
      "{id: vowels, type: plugin, library: ./libtext.so, operator: count_letters, options: {field: "
      "text, letters: aeiou}}";
  type.parameters = {
      {.key = "library",
       .type = FieldType::kPath,
       .doc = "The shared library. It is loaded into the process, also to check the "
              "config: use none that you do not trust.",
       .required = true},
      {.key = "operator",
       .type = FieldType::kText,
       .doc = "Which of its operators.",
       .required = true},
      {.key = "options",
       .type = FieldType::kNamedTexts,
       .doc = "The operator's own options, by name; the library says which it has."}};
  type.make = Make;
  return type;
}

OperatorType Python() {
  OperatorType type;
  type.name = "python";
  type.any_kind = true;
  type.doc =
      "A function or class of a Python program (docs/guides/custom_operators.md). Its kind is what "
      "`@millrace.operator` says; what it gives is checked like that of any operator of that kind, "
      "and its source is part of what the stage is. It runs where Python has loaded the config: "
      "the command refuses it.";
  type.columns_doc = "what its kind may and the operator says";
  type.example =
      "{id: shout, type: python, entry: \"scorers:capitals\", options: {field: text, least: 3}}";
  type.parameters = {
      {.key = "entry",
       .type = FieldType::kText,
       .doc = "Where it is, as `module:name`. The module is imported, also to check the config: "
              "use none that you do not trust.",
       .required = true},
      {.key = "options",
       .type = FieldType::kNamedTexts,
       .doc = "The operator's own parameters, by name; those that are no texts as JSON."}};
  type.make = MakeOfHost;
  return type;
}

}  // namespace millrace::op
