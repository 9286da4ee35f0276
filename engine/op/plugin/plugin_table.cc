#include "op/plugin/plugin_table.h"

#include <cstring>
#include <set>

namespace millrace::op {
namespace {

constexpr size_t kOperatorsMax = 1000;
constexpr size_t kOptionsMax = 1000;

std::string OperatorFault(const millrace_operator& op) {
  if (op.kind < MILLRACE_SCORE || op.kind > MILLRACE_GENERATOR) return "of an unknown kind";
  if (op.version < 1) return "without a version";
  if (op.bind == nullptr || op.apply == nullptr) return "without `bind` or `apply`";
  if (op.doc == nullptr) return "without a `doc`";
  if (op.options_count > kOptionsMax || (op.options_count > 0 && op.options == nullptr)) {
    return "with a wrong list of options";
  }
  std::set<std::string> names;
  for (size_t i = 0; i < op.options_count; ++i) {
    if (!IsStableWord(op.options[i].name, MILLRACE_NAME_BYTES - 1, false)) {
      return "with an option whose name is not of a-z, 0-9 and _";
    }
    if (!names.insert(op.options[i].name).second) return "with two options of one name";
  }
  return "";
}

}  // namespace

bool IsStableWord(const char* text, size_t bytes_max, bool dots) {
  if (text == nullptr) return false;
  const size_t size = strnlen(text, bytes_max + 1);
  if (size == 0 || size > bytes_max) return false;
  for (size_t i = 0; i < size; ++i) {
    const char c = text[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dots && c == '.'))) {
      return false;
    }
  }
  return true;
}

std::string PluginTableFault(const millrace_plugin_table* table) {
  if (table == nullptr) return "gives no table of operators";
  if (table->abi != MILLRACE_PLUGIN_ABI) {
    return "speaks version " + std::to_string(table->abi) +
           " of the interface for plug-ins; this program speaks " +
           std::to_string(MILLRACE_PLUGIN_ABI);
  }
  if (table->operators_count == 0 || table->operators_count > kOperatorsMax ||
      table->operators == nullptr) {
    return "has no operators";
  }
  std::set<std::string> names;
  for (size_t i = 0; i < table->operators_count; ++i) {
    const millrace_operator& op = table->operators[i];
    if (!IsStableWord(op.name, MILLRACE_NAME_BYTES - 1, false)) {
      return "has an operator whose name is not of a-z, 0-9 and _";
    }
    const std::string fault = OperatorFault(op);
    if (!fault.empty()) return "has an operator `" + std::string(op.name) + "` " + fault;
    if (!names.insert(op.name).second) return "has two operators `" + std::string(op.name) + '`';
  }
  return "";
}

const millrace_operator* FindPluginOperator(const millrace_plugin_table& table,
                                            const std::string& name) {
  for (size_t i = 0; i < table.operators_count; ++i) {
    if (name == table.operators[i].name) return &table.operators[i];
  }
  return nullptr;
}

std::vector<std::string> PluginOperatorNames(const millrace_plugin_table& table) {
  std::vector<std::string> names;
  for (size_t i = 0; i < table.operators_count; ++i) names.push_back(table.operators[i].name);
  return names;
}

}  // namespace millrace::op
