#include "pipeline/trial/shown_reject.h"

#include <nlohmann/json.hpp>

namespace millrace::pipeline {
namespace {

constexpr size_t kRawShownBytes = 200, kValueShownBytes = 120, kMessageShownBytes = 240;

}  // namespace

std::set<std::string> SensitiveColumnsOf(const contract::Contract& contract) {
  std::set<std::string> names;
  for (const contract::Column& column : contract.columns) {
    if (column.sensitive) names.insert(column.name);
  }
  return names;
}

std::string CutText(const std::string& text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t size = bytes_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return text.substr(0, size) + "…";
}

nlohmann::ordered_json ShownReject(const Reject& reject, const std::set<std::string>& sensitive) {
  nlohmann::ordered_json json = {{"rule", reject.rule}};
  if (!reject.column.empty()) json["column"] = reject.column;
  const bool hidden =
      !sensitive.empty() && (reject.column.empty() || sensitive.count(reject.column) > 0);
  if (!reject.value.empty() && !hidden) json["value"] = CutText(reject.value, kValueShownBytes);
  if (!reject.threshold.empty()) json["threshold"] = CutText(reject.threshold, kValueShownBytes);
  json["message"] = CutText(reject.message, kMessageShownBytes);
  if (sensitive.empty() && !reject.raw.empty()) json["raw"] = CutText(reject.raw, kRawShownBytes);
  return json;
}

}  // namespace millrace::pipeline
