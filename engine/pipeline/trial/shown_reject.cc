#include "pipeline/trial/shown_reject.h"

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace millrace::pipeline {
namespace {

constexpr size_t kRawShownBytes = 200, kValueShownBytes = 120, kMessageShownBytes = 240;

}  // namespace

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
